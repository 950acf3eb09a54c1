-- Average stock rolled up over the names of items.
select
    i_category,
    i_class,
    i_brand,
    avg(inv_quantity_on_hand) as stock,
    grouping_id(i_category, i_class, i_brand) as depth,
    count(inv_quantity_on_hand) as weeks
from
    inventory,
    date_dim,
    item
where
    inv_date_sk = d_date_sk
    and inv_item_sk = i_item_sk
    and d_month_seq between 1200 and 1205
group by
    rollup (i_category, i_class, i_brand)
order by
    stock,
    depth,
    i_category,
    i_class,
    i_brand
limit 100
