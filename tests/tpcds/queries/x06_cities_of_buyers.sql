-- Buyers of one channel who live where no web customer lives, and the other way, as aggregates in a set operation.
select ca_city, ca_state, count(*) as n
from catalog_sales, customer_address
where cs_bill_addr_sk = ca_address_sk
    and ca_city not in (
        select ca_city from web_sales, customer_address where ws_bill_addr_sk = ca_address_sk and ca_city is not null
    )
group by ca_city, ca_state
union
select ca_city, ca_state, -count(*)
from web_sales, customer_address
where ws_bill_addr_sk = ca_address_sk
    and not exists (
        select * from catalog_sales, customer_address there
        where cs_bill_addr_sk = there.ca_address_sk and there.ca_city = customer_address.ca_city
    )
group by ca_city, ca_state
order by
    n desc,
    ca_city,
    ca_state
limit 80
