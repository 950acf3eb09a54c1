-- Sales of items before and after a day, with returns taken away.
select
    w_state,
    i_item_id,
    sum(case when d_date < date '2000-03-11' then cs_sales_price - coalesce(cr_refunded_cash, 0) else 0 end) as before,
    sum(case when d_date >= date '2000-03-11' then cs_sales_price - coalesce(cr_refunded_cash, 0) else 0 end) as after
from
    catalog_sales
    left outer join catalog_returns on cs_order_number = cr_order_number and cs_item_sk = cr_item_sk
    join warehouse on cs_warehouse_sk = w_warehouse_sk
    join item on cs_item_sk = i_item_sk
    join date_dim on cs_sold_date_sk = d_date_sk
where
    d_date between date '2000-03-11' - interval 45 days and date '2000-03-11' + interval 45 days
group by
    w_state,
    i_item_id
having
    sum(cs_sales_price) > 100
order by
    w_state,
    i_item_id
limit 100
