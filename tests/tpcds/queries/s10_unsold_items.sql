-- Items that one channel sold and the others did not, by NOT EXISTS, NOT IN and an anti join.
select
    i_category,
    count(*) as items,
    count(case when i_current_price > 5 then 1 end) as dear,
    min(i_item_id) as first_item,
    sum(i_wholesale_cost) as cost
from
    item
    left anti join (select ws_item_sk from web_sales where ws_quantity > 90) w on i_item_sk = w.ws_item_sk
where
    exists (select * from store_sales where ss_item_sk = i_item_sk and ss_quantity > 50)
    and not exists (
        select * from catalog_sales where cs_item_sk = i_item_sk and cs_quantity = 100 and cs_promo_sk is not null
    )
    and i_item_sk not in (select inv_item_sk from inventory where inv_quantity_on_hand = 999)
group by
    i_category
order by
    i_category
