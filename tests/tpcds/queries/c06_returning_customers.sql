-- Customers whose returns by catalog are above the average of their state, with that average.
with returned as (
    select cr_returning_customer_sk as customer, ca_state as state, sum(cr_return_amt_inc_tax) as amount
    from catalog_returns, date_dim, customer_address
    where cr_returned_date_sk = d_date_sk and d_year in (1999, 2000, 2001) and cr_returning_addr_sk = ca_address_sk
    group by cr_returning_customer_sk, ca_state
)
select
    c_customer_id,
    c_salutation,
    c_first_name,
    c_last_name,
    state,
    amount,
    (select round(avg(amount), 2) from returned same where same.state = r.state) as state_average
from
    returned r
    join customer on customer = c_customer_sk
where
    amount > (select avg(amount) * 1.2 from returned same where same.state = r.state)
order by
    amount desc,
    c_customer_id
limit 50
