-- The first and the last order of each customer by window functions, filtered outside.
with lines as (
    select
        c_customer_id,
        ws_order_number,
        d_date,
        ws_net_paid,
        row_number() over (partition by c_customer_id order by d_date, ws_order_number, ws_item_sk) as from_first,
        row_number() over (partition by c_customer_id order by d_date desc, ws_order_number desc, ws_item_sk desc) as from_last,
        sum(ws_net_paid) over (partition by c_customer_id) as total,
        count(*) over (partition by c_customer_id) as n
    from
        web_sales
        join customer on ws_bill_customer_sk = c_customer_sk
        join date_dim on ws_sold_date_sk = d_date_sk
)
select
    f.c_customer_id as customer,
    f.d_date as first_day,
    l.d_date as last_day,
    months_between(l.d_date, f.d_date) as months,
    f.ws_net_paid as first_paid,
    l.ws_net_paid as last_paid,
    f.total as total,
    f.n as n
from
    lines f
    join lines l on f.c_customer_id = l.c_customer_id
where
    f.from_first = 1
    and l.from_last = 1
    and f.n > 3
order by
    total desc,
    customer
limit 40
