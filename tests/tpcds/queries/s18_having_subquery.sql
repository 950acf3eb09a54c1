-- A comparison with a subquery in HAVING, and one with the group's own key in it.
select
    s_store_id,
    d_year,
    d_moy,
    sum(ss_net_profit) as profit,
    count(distinct ss_customer_sk) as customers
from
    store_sales,
    store,
    date_dim
where
    ss_store_sk = s_store_sk
    and ss_sold_date_sk = d_date_sk
group by
    s_store_id,
    d_year,
    d_moy
having
    sum(ss_net_profit) < (
        select avg(monthly)
        from (
            select sum(ss_net_profit) as monthly
            from store_sales, date_dim inside
            where ss_sold_date_sk = inside.d_date_sk
            group by inside.d_year, inside.d_moy
        ) months
    )
    and count(distinct ss_customer_sk) > 30
order by
    profit,
    s_store_id,
    d_year,
    d_moy
limit 60
