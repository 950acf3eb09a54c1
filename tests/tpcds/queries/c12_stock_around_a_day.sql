-- Stock before and after a day, kept where the ratio is within bounds.
select *
from (
    select
        w_warehouse_name,
        i_item_id,
        sum(case when d_date < cast('2000-05-13' as date) then inv_quantity_on_hand else 0 end) as before,
        sum(case when d_date >= cast('2000-05-13' as date) then inv_quantity_on_hand else 0 end) as after
    from inventory, warehouse, item, date_dim
    where
        i_current_price between 0.99 and 4.49
        and i_item_sk = inv_item_sk
        and inv_warehouse_sk = w_warehouse_sk
        and inv_date_sk = d_date_sk
        and d_date between (cast('2000-05-13' as date) - interval 30 days) and (cast('2000-05-13' as date) + interval 30 days)
    group by w_warehouse_name, i_item_id
) x
where
    (case when before > 0 then after / before else null end) between 2.0 / 3.0 and 3.0 / 2.0
order by
    w_warehouse_name,
    i_item_id
limit 100
