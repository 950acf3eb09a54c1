-- Conditional functions and casts over joined rows, grouped by what they give.
select
    case
        when datediff(ship.d_date, sold.d_date) < 30 then 'month'
        when datediff(ship.d_date, sold.d_date) < 90 then 'quarter'
        else 'later'
    end as within,
    nvl(p_promo_name, 'none') as promotion,
    count_if(ws_coupon_amt > 0) as coupons,
    sum(least(ws_list_price, ws_sales_price * 2)) as least_price,
    sum(greatest(ws_net_profit, 0)) as gains,
    sum(nullif(ws_coupon_amt, 0)) as coupon,
    bool_or(ws_quantity = 100) as any_full,
    cast(sum(ws_quantity) as string) as pieces,
    cast(avg(ws_net_paid_inc_tax) as decimal(10, 3)) as paid,
    date_format(max(ship.d_date), 'yyyy-MM') as last_month
from
    web_sales
    join date_dim sold on ws_sold_date_sk = sold.d_date_sk
    join date_dim ship on ws_ship_date_sk = ship.d_date_sk
    left join promotion on ws_promo_sk = p_promo_sk
group by
    1,
    2
order by
    within,
    promotion
