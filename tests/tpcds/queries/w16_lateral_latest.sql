-- Rows of an aggregation for each row of another, by a LATERAL subquery, and lists joined with USING.
select
    web_name,
    d_year,
    orders,
    paid,
    best.i_category,
    best.revenue
from
    (
        select web_site_sk, web_name, d_year, count(distinct ws_order_number) as orders, sum(ws_net_paid) as paid
        from web_sales join web_site on ws_web_site_sk = web_site_sk join date_dim on ws_sold_date_sk = d_date_sk
        group by web_site_sk, web_name, d_year
    ) sites,
    lateral (
        select max(i_category) as i_category, sum(ws_ext_sales_price) as revenue
        from web_sales join item on ws_item_sk = i_item_sk
        where ws_web_site_sk = sites.web_site_sk and i_current_price > 50
    ) best
order by
    web_name,
    d_year,
    orders
