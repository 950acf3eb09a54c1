-- Arrays made by an aggregation and taken apart again.
with lists as (
    select cs_order_number, sort_array(collect_set(i_category)) as categories, count(*) as lines
    from catalog_sales join item on cs_item_sk = i_item_sk
    group by cs_order_number
    having count(*) between 8 and 9
)
select
    category,
    position,
    count(*) as orders,
    sum(lines) as lines,
    max(size(categories)) as most,
    min(concat_ws('+', categories)) as first_list
from
    lists
    lateral view posexplode(categories) exploded as position, category
where
    array_contains(categories, 'Books')
group by
    category,
    position
order by
    category,
    position
