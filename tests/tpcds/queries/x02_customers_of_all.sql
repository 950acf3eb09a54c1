-- Customers of all channels, of two and of one, by INTERSECT and EXCEPT below a union.
with store_customers as (
    select c_last_name, c_first_name, d_year from store_sales, customer, date_dim
    where ss_customer_sk = c_customer_sk and ss_sold_date_sk = d_date_sk
),
catalog_customers as (
    select c_last_name, c_first_name, d_year from catalog_sales, customer, date_dim
    where cs_bill_customer_sk = c_customer_sk and cs_sold_date_sk = d_date_sk
),
web_customers as (
    select c_last_name, c_first_name, d_year from web_sales, customer, date_dim
    where ws_bill_customer_sk = c_customer_sk and ws_sold_date_sk = d_date_sk
)
select 'all' as who, d_year, count(*) as n
from (
    select * from store_customers intersect select * from catalog_customers intersect select * from web_customers
)
group by d_year
union all
select 'store alone', d_year, count(*)
from (
    select * from store_customers except select * from catalog_customers except select * from web_customers
)
group by d_year
union all
select 'store and web', d_year, count(*)
from (
    select * from store_customers intersect (select * from web_customers minus select * from catalog_customers)
)
group by d_year
order by
    who,
    d_year
