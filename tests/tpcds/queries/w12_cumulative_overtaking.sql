-- Running sums of two channels in a full outer join, filled with the last known value.
with web as (
    select ws_item_sk as item, d_date, sum(sum(ws_sales_price)) over (partition by ws_item_sk order by d_date rows between unbounded preceding and current row) as total
    from web_sales, date_dim
    where ws_sold_date_sk = d_date_sk and d_month_seq between 1200 and 1205 and ws_item_sk < 200
    group by ws_item_sk, d_date
),
store as (
    select ss_item_sk as item, d_date, sum(sum(ss_sales_price)) over (partition by ss_item_sk order by d_date rows between unbounded preceding and current row) as total
    from store_sales, date_dim
    where ss_sold_date_sk = d_date_sk and d_month_seq between 1200 and 1205 and ss_item_sk < 200
    group by ss_item_sk, d_date
)
select *
from (
    select
        item,
        d_date,
        web_sales,
        store_sales,
        max(web_sales) over (partition by item order by d_date rows between unbounded preceding and current row) as web_so_far,
        max(store_sales) over (partition by item order by d_date rows between unbounded preceding and current row) as store_so_far
    from (
        select
            case when web.item is not null then web.item else store.item end as item,
            case when web.d_date is not null then web.d_date else store.d_date end as d_date,
            web.total as web_sales,
            store.total as store_sales
        from web full outer join store on web.item = store.item and web.d_date = store.d_date
    ) x
) y
where
    web_so_far > store_so_far
order by
    item,
    d_date
limit 100
