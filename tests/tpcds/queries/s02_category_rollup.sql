-- A rollup of the months of a year under its categories and classes, each total beside its share of the one above.
with sales as (
    select i_category, i_class, d_moy, ss_ext_sales_price as price, ss_net_profit as profit
    from store_sales, date_dim, item, store
    where ss_sold_date_sk = d_date_sk and ss_item_sk = i_item_sk and ss_store_sk = s_store_sk and d_year = 2000
),
totals as (
    select
        i_category,
        i_class,
        d_moy,
        grouping(i_category) + grouping(i_class) + grouping(d_moy) as depth,
        sum(price) as price,
        sum(profit) as profit
    from sales
    group by rollup (i_category, i_class, d_moy)
)
select
    depth,
    i_category,
    i_class,
    d_moy,
    price,
    profit,
    cast(price / max(price) over (partition by depth) as decimal(9, 6)) as of_largest,
    rank() over (partition by depth order by profit desc) as place
from totals
where depth > 0 or d_moy in (1, 6, 11, 12)
order by depth desc, i_category, i_class, d_moy, price
limit 200
