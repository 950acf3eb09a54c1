-- Windows over aggregates: the days of a quarter, running sums, moving averages, and yesterday.
select
    s_store_name,
    d_date,
    sum(ss_net_paid) as paid,
    sum(sum(ss_net_paid)) over (partition by s_store_name order by d_date rows unbounded preceding) as so_far,
    avg(sum(ss_net_paid)) over (partition by s_store_name order by d_date rows between 3 preceding and 3 following) as week,
    lag(sum(ss_net_paid), 1) over (partition by s_store_name order by d_date) as before,
    sum(ss_net_paid) - lag(sum(ss_net_paid), 1, 0) over (partition by s_store_name order by d_date) as change,
    dense_rank() over (partition by s_store_name order by sum(ss_net_paid) desc) as place,
    count(*) over (partition by s_store_name) as days
from
    store_sales
    join date_dim on ss_sold_date_sk = d_date_sk
    join store on ss_store_sk = s_store_sk
where
    d_date between date '2001-10-01' and date '2001-12-31'
group by
    s_store_name,
    d_date
order by
    s_store_name,
    d_date
limit 150
