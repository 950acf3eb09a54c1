-- WITH queries of WITH queries, one of them nested, each with its own aggregates.
with d as (select * from date_dim where d_year = 2002),
s as (
    with e as (select * from date_dim where d_year = 2001)
    select ss_item_sk as item, sum(ss_quantity) as pieces from store_sales join e on ss_sold_date_sk = d_date_sk group by ss_item_sk
),
c as (
    select cs_item_sk as item, sum(cs_quantity) as pieces from catalog_sales join d on cs_sold_date_sk = d_date_sk group by cs_item_sk
),
both as (select s.item, s.pieces as store, c.pieces as catalog from s join c on s.item = c.item),
limits as (select avg(store) as store, avg(catalog) as catalog from both)
select
    i_category,
    count(*) as items,
    sum(both.store) as store,
    sum(both.catalog) as catalog
from
    both
    join item on both.item = i_item_sk
    cross join limits
where
    both.store > limits.store
    and both.catalog < limits.catalog
group by
    i_category
order by
    i_category
