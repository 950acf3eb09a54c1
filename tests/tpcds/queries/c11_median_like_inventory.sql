-- The spread of stock per item and month, joined with itself for the next month.
with stock as (
    select
        w_warehouse_name,
        i_item_sk,
        d_moy,
        stddev_samp(inv_quantity_on_hand) as spread,
        avg(inv_quantity_on_hand) as mean
    from inventory, item, warehouse, date_dim
    where inv_item_sk = i_item_sk and inv_warehouse_sk = w_warehouse_sk and inv_date_sk = d_date_sk and d_year = 2001
    group by w_warehouse_name, i_item_sk, d_moy
)
select
    a.w_warehouse_name as warehouse,
    a.i_item_sk as item,
    a.d_moy as month,
    a.mean as mean,
    round(a.spread / a.mean, 8) as relative,
    b.d_moy as next_month,
    b.mean as next_mean,
    round(b.spread / b.mean, 8) as next_relative
from
    stock a
    join stock b on a.i_item_sk = b.i_item_sk and a.w_warehouse_name = b.w_warehouse_name and b.d_moy = a.d_moy + 1
where
    a.mean > 0
    and b.mean > 0
    and a.spread / a.mean > 0.9
    and b.spread / b.mean > 0.9
order by
    warehouse,
    item,
    month
limit 60
