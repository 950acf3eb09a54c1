-- The three best items of each class, by rank, row number and dense rank.
with item_sales as (
    select i_class, i_item_id, i_product_name, sum(ss_ext_sales_price) as revenue, sum(ss_quantity) as pieces
    from store_sales join item on ss_item_sk = i_item_sk
    where i_category in ('Shoes', 'Jewelry', 'Sports')
    group by i_class, i_item_id, i_product_name
),
ranked as (
    select
        *,
        rank() over (partition by i_class order by revenue desc) as place,
        row_number() over (partition by i_class order by revenue desc, i_item_id) as number,
        dense_rank() over (partition by i_class order by pieces desc) as by_pieces,
        revenue - max(revenue) over (partition by i_class) as behind
    from item_sales
)
select *
from ranked
where place <= 3
order by i_class, place, number
