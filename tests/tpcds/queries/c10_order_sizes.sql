-- Quantiles and spread of order values, computed from orders computed from lines.
with orders as (
    select cs_order_number, sum(cs_net_paid) as paid, count(*) as lines, collect_set(cs_ship_mode_sk) as modes
    from catalog_sales
    group by cs_order_number
)
select
    lines,
    count(*) as orders,
    sum(paid) as paid,
    stddev_samp(paid) as spread,
    percentile(paid, 0.5) as middle,
    percentile(paid, array(0.1, 0.9)) as tails,
    max(size(modes)) as most_modes,
    round(corr(paid, lines), 6) as dependence
from orders
group by lines
having count(*) > 1
order by lines
