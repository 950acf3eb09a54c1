-- Decades of birth against decades of channels, as CASE pivots of a join of three aggregations.
with by_customer as (
    select customer, sum(store) as store, sum(catalog) as catalog, sum(web) as web
    from (
        select ss_customer_sk as customer, ss_net_paid as store, null as catalog, null as web from store_sales
        union all
        select cs_bill_customer_sk, null, cs_net_paid, null from catalog_sales
        union all
        select ws_bill_customer_sk, null, null, ws_net_paid from web_sales
    )
    group by customer
)
select
    floor(c_birth_year / 10) * 10 as decade,
    count(*) as customers,
    sum(store) as store,
    sum(catalog) as catalog,
    sum(web) as web,
    count(case when store > catalog and store > web then 1 end) as store_first,
    count(case when catalog >= store and catalog > web then 1 end) as catalog_first,
    max_by(c_customer_id, web) as best_web,
    min_by(c_customer_id, struct(store, c_customer_id)) as least_store,
    approx_count_distinct(c_last_name) > 10 as many_names
from
    by_customer
    right join customer on customer = c_customer_sk
group by
    floor(c_birth_year / 10)
order by
    decade
