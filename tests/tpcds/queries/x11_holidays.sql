-- Holidays and the days behind them over all channels, with a union under a join under a rollup.
select
    channel,
    d_holiday,
    d_following_holiday,
    count(*) as lines,
    sum(amount) as amount,
    count(distinct item) as items
from (
    select 'store' as channel, ss_sold_date_sk as day, ss_item_sk as item, ss_ext_sales_price as amount from store_sales
    where ss_promo_sk is null
    union all
    select 'web', ws_sold_date_sk, ws_item_sk, ws_ext_sales_price from web_sales where ws_ship_mode_sk is null or ws_quantity < 10
    union all
    select 'catalog', cs_sold_date_sk, cs_item_sk, cs_ext_sales_price from catalog_sales where cs_warehouse_sk is null
) foo
join date_dim on day = d_date_sk
group by
    cube (channel, d_holiday, d_following_holiday)
having
    count(*) > 1
order by
    channel,
    d_holiday,
    d_following_holiday,
    lines
