-- The ratio of two counts that are subqueries in FROM.
select
    morning.n as morning,
    evening.n as evening,
    cast(morning.n as decimal(15, 4)) / cast(evening.n as decimal(15, 4)) as ratio
from
    (
        select count(*) as n
        from web_sales, time_dim, web_page
        where ws_sold_time_sk = t_time_sk and ws_web_page_sk = wp_web_page_sk and t_hour between 6 and 11
            and wp_char_count between 500 and 7000
    ) morning,
    (
        select count(*) as n
        from web_sales, time_dim, household_demographics
        where ws_sold_time_sk = t_time_sk and ws_ship_hdemo_sk = hd_demo_sk and t_hour between 18 and 23
            and hd_dep_count between 1 and 9
    ) evening
order by
    ratio
