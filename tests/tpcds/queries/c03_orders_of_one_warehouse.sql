-- Orders that left one warehouse alone and were never returned, by semi and anti joins.
select
    count(distinct o.cs_order_number) as orders,
    sum(o.cs_ext_ship_cost) as shipping,
    sum(o.cs_net_profit) as profit
from
    catalog_sales o
    left semi join (
        select cs_order_number
        from catalog_sales
        group by cs_order_number
        having count(distinct cs_warehouse_sk) = 1 or min(cs_warehouse_sk) is null
    ) single on o.cs_order_number = single.cs_order_number
    left anti join catalog_returns r on o.cs_order_number = r.cr_order_number
    join date_dim d on o.cs_sold_date_sk = d.d_date_sk
where
    d.d_date between date '1999-02-01' and date '1999-02-01' + interval 120 days
order by
    orders
