-- Customers without sales for a year before their last one, by lead and lag over days.
with visits as (
    select distinct ss_customer_sk as customer, d_date as day
    from store_sales join date_dim on ss_sold_date_sk = d_date_sk
    where ss_customer_sk is not null
),
gaps as (
    select
        customer,
        day,
        datediff(day, lag(day) over (partition by customer order by day)) as since,
        lead(day, 1, date '2003-12-31') over (partition by customer order by day) as next
    from visits
)
select
    year(day) as year,
    count(*) as visits,
    count(distinct customer) as customers,
    max(since) as longest,
    round(avg(since), 3) as average,
    sum(case when since > 180 then 1 else 0 end) as came_back,
    min(next) as soonest_next,
    count(case when next = date '2003-12-31' then 1 end) as last_visits
from gaps
group by year(day)
order by year
