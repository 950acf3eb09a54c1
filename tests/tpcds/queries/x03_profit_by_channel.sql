-- Sales and returns of the channels side by side, rolled up.
with store_side as (
    select s_store_id as place, sum(ss_ext_sales_price) as sales, sum(ss_net_profit) as profit, 0 as returned, 0 as loss
    from store_sales, store, date_dim
    where ss_store_sk = s_store_sk and ss_sold_date_sk = d_date_sk and d_date between '2000-08-01' and '2000-10-31'
    group by s_store_id
    union all
    select s_store_id, 0, 0, sum(sr_return_amt), sum(sr_net_loss)
    from store_returns, store, date_dim
    where sr_store_sk = s_store_sk and sr_returned_date_sk = d_date_sk and d_date between '2000-08-01' and '2000-10-31'
    group by s_store_id
),
catalog_side as (
    select cp_catalog_page_id as place, sum(cs_ext_sales_price) as sales, sum(cs_net_profit) as profit,
        cast(0 as decimal(7, 2)) as returned, cast(0 as decimal(7, 2)) as loss
    from catalog_sales, catalog_page, date_dim
    where cs_catalog_page_sk = cp_catalog_page_sk and cs_sold_date_sk = d_date_sk
        and d_date between '2000-08-01' and '2000-10-31'
    group by cp_catalog_page_id
)
select
    channel,
    place,
    sum(sales) as sales,
    sum(returned) as returned,
    sum(profit - loss) as profit
from (
    select 'store' as channel, place, sales, returned, profit, loss from store_side
    union all
    select 'catalog', concat('page ', place), sales, returned, profit, loss from catalog_side
    union all
    select 'web', web_site_id, ws_ext_sales_price, coalesce(wr_return_amt, 0), ws_net_profit, coalesce(wr_net_loss, 0)
    from
        web_sales
        left join web_returns on ws_item_sk = wr_item_sk and ws_order_number = wr_order_number
        join web_site on ws_web_site_sk = web_site_sk
        join date_dim on ws_sold_date_sk = d_date_sk
    where d_date between '2000-08-01' and '2000-10-31'
) channels
group by
    rollup (channel, place)
order by
    channel,
    place,
    sales
limit 100
