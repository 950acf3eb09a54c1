-- A subquery that ranks, used with IN, below a rollup that is ranked again.
select
    sum(ws_net_profit) as profit,
    ca_state,
    ca_county,
    grouping(ca_state) + grouping(ca_county) as depth,
    rank() over (
        partition by grouping(ca_state) + grouping(ca_county), case when grouping(ca_county) = 0 then ca_state end
        order by sum(ws_net_profit) desc
    ) as place
from
    web_sales,
    date_dim,
    customer_address
where
    d_month_seq between 1190 and 1220
    and d_date_sk = ws_sold_date_sk
    and ws_bill_addr_sk = ca_address_sk
    and ca_state in (
        select state
        from (
            select ca_state as state, rank() over (order by sum(ws_net_profit) desc) as ranking
            from web_sales, customer_address
            where ws_bill_addr_sk = ca_address_sk
            group by ca_state
        ) ranked
        where ranking <= 8
    )
group by
    rollup (ca_state, ca_county)
order by
    depth desc,
    ca_state,
    place,
    ca_county
limit 100
