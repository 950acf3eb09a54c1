-- Counts of half hours beside each other, by kinds of households.
select
    hd_dep_count,
    sum(case when t_hour = 8 and t_minute >= 30 then 1 else 0 end) as from_8_30,
    sum(case when t_hour = 9 and t_minute < 30 then 1 else 0 end) as from_9,
    sum(case when t_hour = 9 and t_minute >= 30 then 1 else 0 end) as from_9_30,
    sum(case when t_shift = 'second' and t_sub_shift = 'evening' then 1 else 0 end) as evenings,
    count(distinct t_meal_time) as meals,
    count(*) as lines
from
    store_sales,
    household_demographics,
    time_dim,
    store
where
    ss_sold_time_sk = time_dim.t_time_sk
    and ss_hdemo_sk = household_demographics.hd_demo_sk
    and ss_store_sk = s_store_sk
    and (hd_dep_count = 4 and hd_vehicle_count <= 6 or hd_dep_count = 2 and hd_vehicle_count <= 4 or hd_dep_count = 0)
group by
    hd_dep_count
order by
    hd_dep_count
