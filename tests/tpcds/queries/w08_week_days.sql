-- Weeks beside the weeks a year later, by day, from a union of two channels.
with both as (
    select ws_sold_date_sk as day, ws_ext_sales_price as price from web_sales
    union all
    select cs_sold_date_sk, cs_ext_sales_price from catalog_sales
),
weeks as (
    select
        d_week_seq,
        sum(case when d_day_name = 'Sunday' then price else null end) as sunday,
        sum(case when d_day_name = 'Wednesday' then price else null end) as wednesday,
        sum(case when d_day_name = 'Saturday' then price else null end) as saturday
    from both join date_dim on day = d_date_sk
    group by d_week_seq
)
select
    y.d_week_seq as week,
    round(y.sunday / z.sunday, 2) as sunday,
    round(y.wednesday / z.wednesday, 2) as wednesday,
    round(y.saturday / z.saturday, 2) as saturday
from
    (select weeks.* from weeks, date_dim where weeks.d_week_seq = date_dim.d_week_seq and d_year = 2000 and d_dow = 3) y,
    (select weeks.* from weeks, date_dim where weeks.d_week_seq = date_dim.d_week_seq and d_year = 2001 and d_dow = 3) z
where
    y.d_week_seq = z.d_week_seq - 53
order by
    week
