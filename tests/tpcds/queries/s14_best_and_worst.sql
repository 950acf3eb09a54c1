-- The best and the worst items beside each other, by a join of two rankings.
select
    best.place as place,
    i1.i_product_name as best_item,
    i2.i_product_name as worst_item,
    best.profit as best_profit,
    worst.profit as worst_profit
from
    (
        select *
        from (
            select item, profit, rank() over (order by profit desc, item) as place
            from (
                select ss_item_sk as item, avg(ss_net_profit) as profit
                from store_sales s
                where ss_store_sk = 1
                group by ss_item_sk
                having avg(ss_net_profit) > 0.9 * (
                    select avg(ss_net_profit) as profit from store_sales where ss_store_sk = 1 and ss_addr_sk is null group by ss_store_sk
                )
            ) v1
        ) v11
        where place < 11
    ) best,
    (
        select *
        from (
            select item, profit, rank() over (order by profit, item) as place
            from (select ss_item_sk as item, avg(ss_net_profit) as profit from store_sales where ss_store_sk = 1 group by ss_item_sk) v2
        ) v21
        where place < 11
    ) worst,
    item i1,
    item i2
where
    best.place = worst.place
    and i1.i_item_sk = best.item
    and i2.i_item_sk = worst.item
order by
    place
