-- A WITH query joined with itself: each month beside the one a year before.
with monthly as (
    select s_store_id, d_year, d_moy, sum(ss_sales_price * ss_quantity) as revenue, count(distinct ss_customer_sk) as customers
    from store_sales, store, date_dim
    where ss_store_sk = s_store_sk and ss_sold_date_sk = d_date_sk
    group by s_store_id, d_year, d_moy
)
select
    now.s_store_id as store,
    now.d_year as year,
    now.d_moy as month,
    now.revenue as revenue,
    before.revenue as year_before,
    round((now.revenue - before.revenue) / before.revenue * 100, 1) as growth,
    now.customers - before.customers as more_customers
from
    monthly now
    join monthly before
        on now.s_store_id = before.s_store_id and now.d_moy = before.d_moy and now.d_year = before.d_year + 1
where
    before.revenue > 0
    and now.d_year > 1999
    and abs(now.revenue - before.revenue) > 0.1 * before.revenue
order by growth desc, store, year, month
limit 100
