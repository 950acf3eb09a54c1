-- Sales with their returns: how long goods were kept, by reason.
with kept as (
    select
        r_reason_desc,
        i_category,
        datediff(back.d_date, sold.d_date) as days,
        sr_return_quantity,
        ss_quantity,
        sr_return_amt
    from
        store_returns
        join store_sales on sr_item_sk = ss_item_sk and sr_ticket_number = ss_ticket_number
        join date_dim sold on ss_sold_date_sk = sold.d_date_sk
        join date_dim back on sr_returned_date_sk = back.d_date_sk
        join reason on sr_reason_sk = r_reason_sk
        join item on ss_item_sk = i_item_sk
)
select
    r_reason_desc,
    count(*) as returned,
    count(case when days <= 30 then 1 end) as within_30,
    count(case when days > 30 and days <= 60 then 1 end) as within_60,
    count(case when days > 60 then 1 end) as later,
    min(days) as soonest,
    max(days) as latest,
    sum(sr_return_amt) as amount,
    cast(sum(sr_return_quantity) / sum(ss_quantity) as decimal(8, 5)) as share_of_pieces
from kept
group by r_reason_desc
order by returned desc, r_reason_desc
