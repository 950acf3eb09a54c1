-- How late goods leave, in buckets, by warehouse and mode, with the names cut short.
select
    substr(w_warehouse_name, 1, 20) as warehouse,
    sm_type,
    cc_name,
    sum(case when cs_ship_date_sk - cs_sold_date_sk <= 20 then 1 else 0 end) as days_20,
    sum(case when cs_ship_date_sk - cs_sold_date_sk between 21 and 40 then 1 else 0 end) as days_40,
    sum(case when cs_ship_date_sk - cs_sold_date_sk between 41 and 80 then 1 else 0 end) as days_80,
    sum(case when cs_ship_date_sk - cs_sold_date_sk > 80 then 1 else 0 end) as more
from
    catalog_sales,
    warehouse,
    ship_mode,
    call_center,
    date_dim
where
    cs_ship_date_sk = d_date_sk
    and d_month_seq between 1194 and 1205
    and cs_warehouse_sk = w_warehouse_sk
    and cs_ship_mode_sk = sm_ship_mode_sk
    and cs_call_center_sk = cc_call_center_sk
group by
    substr(w_warehouse_name, 1, 20),
    sm_type,
    cc_name
order by
    warehouse,
    sm_type,
    cc_name
limit 100
