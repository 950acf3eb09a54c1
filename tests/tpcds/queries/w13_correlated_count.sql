-- Correlated counts and maxima in the list and in the filter, over a small outer table.
select
    web_name,
    web_class,
    (select count(*) from web_sales where ws_web_site_sk = web_site_sk) as lines,
    (select count(distinct ws_order_number) from web_sales where ws_web_site_sk = web_site_sk and ws_quantity > 50) as large_orders,
    (select max(d_date) from web_sales join date_dim on ws_sold_date_sk = d_date_sk where ws_web_site_sk = web_site_sk) as last_day,
    (select sum(ws_net_paid) from web_sales where ws_web_site_sk = web_site_sk and ws_ship_addr_sk is null) as unaddressed
from
    web_site
where
    (select count(*) from web_sales where ws_web_site_sk = web_site_sk) >= 0
order by
    web_name,
    lines
