-- Brands that all channels sold, by INTERSECT of aggregates, and what each sold of them.
with common as (
    select i_brand_id, i_class_id from store_sales, item where ss_item_sk = i_item_sk group by i_brand_id, i_class_id
    intersect
    select i_brand_id, i_class_id from catalog_sales, item where cs_item_sk = i_item_sk group by i_brand_id, i_class_id
    intersect
    select i_brand_id, i_class_id from web_sales, item where ws_item_sk = i_item_sk group by i_brand_id, i_class_id
),
average as (
    select avg(quantity * price) as value
    from (
        select ss_quantity as quantity, ss_list_price as price from store_sales
        union all
        select cs_quantity, cs_list_price from catalog_sales
        union all
        select ws_quantity, ws_list_price from web_sales
    ) everything
)
select channel, brand, class, sum(sales) as sales, sum(n) as n
from (
    select 'store' as channel, i.i_brand_id as brand, i.i_class_id as class, sum(ss_quantity * ss_list_price) as sales, count(*) as n
    from store_sales join item i on ss_item_sk = i_item_sk join common c on i.i_brand_id = c.i_brand_id and i.i_class_id = c.i_class_id
    group by i.i_brand_id, i.i_class_id
    having sum(ss_quantity * ss_list_price) > (select value from average)
    union all
    select 'web', i.i_brand_id, i.i_class_id, sum(ws_quantity * ws_list_price), count(*)
    from web_sales join item i on ws_item_sk = i_item_sk join common c on i.i_brand_id = c.i_brand_id and i.i_class_id = c.i_class_id
    group by i.i_brand_id, i.i_class_id
    having sum(ws_quantity * ws_list_price) > (select value from average)
) parts
group by rollup (channel, brand, class)
order by channel, brand, class
limit 120
