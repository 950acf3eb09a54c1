-- Aggregates of aggregates of aggregates: days, months, sites.
select
    site,
    count(*) as months,
    max(best_day) as best_day,
    avg(monthly) as average_month,
    min(monthly) as worst_month
from (
    select site, month, max(daily) as best_day, sum(daily) as monthly
    from (
        select web_name as site, date_trunc('month', d_date) as month, d_date as day, sum(ws_ext_list_price) as daily
        from web_sales, web_site, date_dim
        where ws_web_site_sk = web_site_sk and ws_sold_date_sk = d_date_sk
        group by web_name, date_trunc('month', d_date), d_date
    ) days
    group by site, month
) by_month
group by
    site
order by
    site
