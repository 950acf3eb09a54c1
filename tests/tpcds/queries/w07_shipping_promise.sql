-- A subquery below OR, and a scalar subquery in the list, over web orders of several warehouses.
select
    w_warehouse_name,
    count(*) as lines,
    sum(ws_ext_ship_cost) as shipping,
    (select max(ws_ext_ship_cost) from web_sales) as dearest,
    sum(ws_ext_ship_cost) / (select sum(ws_ext_ship_cost) from web_sales where ws_warehouse_sk is not null) as share
from
    web_sales a
    join warehouse on ws_warehouse_sk = w_warehouse_sk
where
    ws_quantity > 95
    or exists (
        select 1 from web_sales b
        where a.ws_order_number = b.ws_order_number and a.ws_warehouse_sk <> b.ws_warehouse_sk
    )
    or ws_order_number in (select wr_order_number from web_returns where wr_return_quantity > 40)
group by
    w_warehouse_name
order by
    w_warehouse_name
