-- The same with PIVOT over a derived table, and two aggregate functions.
select *
from (
    select i_category, d_year, ss_quantity, ss_net_profit
    from store_sales join item on ss_item_sk = i_item_sk join date_dim on ss_sold_date_sk = d_date_sk
    where i_category is not null
)
pivot (
    sum(ss_quantity) as pieces, cast(avg(ss_net_profit) as decimal(12, 4)) as profit
    for d_year in (1998 as y1998, 1999 as y1999, 2000 as y2000, 2001 as y2001, 2002 as y2002)
)
order by
    i_category
