-- Set operations of aggregates with their own precedence: INTERSECT binds before UNION and EXCEPT.
select s_state as state, count(*) as n from store_sales, store where ss_store_sk = s_store_sk group by s_state
union all
select ca_state, count(*) from customer_address where ca_location_type = 'single family' group by ca_state
except
select ca_state, count(*) from customer_address where ca_location_type = 'condo' group by ca_state
intersect
select ca_state, count(*) from customer_address where ca_location_type = 'apartment' group by ca_state
order by
    state,
    n
