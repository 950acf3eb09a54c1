-- Frames by value: sales of the days within a week, and of prices nearby.
with days as (
    select d_date as day, sum(ss_quantity) as pieces, max(ss_list_price) as price
    from store_sales join date_dim on ss_sold_date_sk = d_date_sk
    where d_year = 2002 and d_moy <= 4
    group by d_date
)
select
    day,
    pieces,
    sum(pieces) over (order by day range between 6 preceding and current row) as week,
    count(*) over (order by day range between 3 preceding and 3 following) as near,
    avg(pieces) over (order by price range between 5 preceding and 5 following) as like_priced,
    last_value(pieces) over (order by day rows between current row and unbounded following) as last,
    cume_dist() over (order by price) as below
from days
order by day
