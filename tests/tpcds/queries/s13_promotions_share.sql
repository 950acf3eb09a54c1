-- Promoted sales beside all sales, by cross join of two single rows per category.
select
    all_sales.i_category as category,
    promoted,
    total,
    cast(promoted as decimal(15, 4)) / cast(total as decimal(15, 4)) * 100 as percent
from
    (
        select i_category, sum(ss_ext_sales_price) as promoted
        from store_sales, store, promotion, date_dim, item
        where ss_sold_date_sk = d_date_sk and ss_store_sk = s_store_sk and ss_promo_sk = p_promo_sk and ss_item_sk = i_item_sk
            and (p_channel_dmail = 'Y' or p_channel_email = 'N' or p_channel_tv = 'Y') and d_moy in (11, 12)
        group by i_category
    ) promotional,
    (
        select i_category, sum(ss_ext_sales_price) as total
        from store_sales, store, date_dim, item
        where ss_sold_date_sk = d_date_sk and ss_store_sk = s_store_sk and ss_item_sk = i_item_sk and d_moy in (11, 12)
        group by i_category
    ) all_sales
where
    promotional.i_category <=> all_sales.i_category
order by
    percent desc,
    category
