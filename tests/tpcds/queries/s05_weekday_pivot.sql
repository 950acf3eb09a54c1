-- A pivot written as CASE: the days of the week beside each other.
select
    s_store_id,
    d_qoy,
    sum(case when d_dow = 0 then ss_ext_sales_price else 0 end) as sunday,
    sum(case when d_dow = 1 then ss_ext_sales_price else 0 end) as monday,
    sum(case when d_dow = 2 then ss_ext_sales_price end) as tuesday,
    sum(case d_dow when 3 then ss_ext_sales_price end) as wednesday,
    count(case d_dow when 4 then ss_item_sk end) as thursdays,
    sum(if(d_dow = 5, ss_quantity, 0)) as friday_pieces,
    max(case when d_dow not in (0, 1, 2, 3, 4, 5) then ss_net_profit end) as best_saturday,
    round(100 * sum(case when d_weekend = 'Y' then ss_net_paid end) / sum(ss_net_paid), 2) as weekend_share
from
    store_sales,
    store,
    date_dim
where
    ss_store_sk = s_store_sk
    and ss_sold_date_sk = d_date_sk
    and d_year in (1999, 2002)
group by
    s_store_id,
    d_qoy
order by
    s_store_id,
    d_qoy
