-- Return rates of items on the web, the worst ones by two rankings.
with rates as (
    select
        ws_item_sk as item,
        sum(coalesce(wr_return_quantity, 0)) / sum(coalesce(ws_quantity, 0)) as by_pieces,
        cast(sum(coalesce(wr_return_amt, 0)) as decimal(15, 4)) / cast(sum(coalesce(ws_net_paid, 0)) as decimal(15, 4)) as by_money
    from
        web_sales
        left join web_returns on ws_order_number = wr_order_number and ws_item_sk = wr_item_sk
    where
        ws_net_paid > 0
        and ws_quantity > 0
    group by
        ws_item_sk
),
places as (
    select
        item,
        by_pieces,
        by_money,
        rank() over (order by by_pieces desc) as pieces_place,
        rank() over (order by by_money desc) as money_place
    from rates
)
select
    i_item_id,
    i_category,
    by_pieces,
    by_money,
    pieces_place,
    money_place
from
    places
    join item on item = i_item_sk
where
    pieces_place <= 10
    or money_place <= 10
order by
    pieces_place,
    money_place,
    i_item_id
