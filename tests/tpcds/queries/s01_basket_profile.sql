-- A star of eleven tables: what the baskets of store customers look like, by category and income.
select
    i_category,
    ca_state,
    ib_lower_bound,
    d_year,
    count(*) as lines,
    count(distinct ss_ticket_number) as tickets,
    sum(ss_quantity) as pieces,
    sum(ss_ext_sales_price) as revenue,
    avg(ss_sales_price) as average_price,
    max(ss_net_profit) as best_profit,
    min(ss_net_profit) as worst_profit
from
    store_sales
    join date_dim on ss_sold_date_sk = d_date_sk
    join time_dim on ss_sold_time_sk = t_time_sk
    join item on ss_item_sk = i_item_sk
    join store on ss_store_sk = s_store_sk
    join customer on ss_customer_sk = c_customer_sk
    join customer_address on c_current_addr_sk = ca_address_sk
    join customer_demographics on ss_cdemo_sk = cd_demo_sk
    join household_demographics on ss_hdemo_sk = hd_demo_sk
    join income_band on hd_income_band_sk = ib_income_band_sk
    left join promotion on ss_promo_sk = p_promo_sk and p_channel_email = 'Y'
where
    d_year between 1999 and 2001
    and t_hour between 8 and 20
    and cd_dep_count < 5
    and hd_vehicle_count >= 0
    and i_category in ('Books', 'Music', 'Home', 'Electronics')
    and s_gmt_offset = -5
group by
    i_category,
    ca_state,
    ib_lower_bound,
    d_year
having
    sum(ss_ext_sales_price) > 1000
order by
    revenue desc,
    i_category,
    ca_state,
    ib_lower_bound,
    d_year
limit 100
