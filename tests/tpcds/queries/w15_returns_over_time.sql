-- Returned amounts by months since the sale, each beside the sum of the months before, in a window named once.
select
    months,
    returned,
    sum(returned) over w as so_far,
    round(avg(returned) over w, 4) as average,
    lag(returned) over w as before,
    row_number() over w as number
from (
    select cast(floor(months_between(back.d_date, sold.d_date)) as int) as months, sum(wr_return_amt) as returned
    from
        web_returns
        join web_sales on wr_item_sk = ws_item_sk and wr_order_number = ws_order_number
        join date_dim sold on ws_sold_date_sk = sold.d_date_sk
        join date_dim back on wr_returned_date_sk = back.d_date_sk
    group by 1
)
window w as (order by months)
order by
    months
