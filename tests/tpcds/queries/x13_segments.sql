-- Customers in segments of revenue: aggregates below a scalar subquery below another aggregation.
with buyers as (
    select distinct c_customer_sk, c_current_addr_sk
    from (
        select cs_sold_date_sk as day, cs_bill_customer_sk as customer, cs_item_sk as item from catalog_sales
        union all
        select ws_sold_date_sk, ws_bill_customer_sk, ws_item_sk from web_sales
    ) both, item, date_dim, customer
    where day = d_date_sk and item = i_item_sk and i_category = 'Women' and c_customer_sk = customer and d_year = 1999 and d_moy between 3 and 9
),
revenue as (
    select c_customer_sk, sum(ss_ext_sales_price) as revenue
    from buyers, store_sales, customer_address, store, date_dim
    where
        c_current_addr_sk = ca_address_sk
        and ss_sold_date_sk = d_date_sk
        and c_customer_sk = ss_customer_sk
        and d_month_seq between (select distinct d_month_seq + 1 from date_dim where d_year = 1999 and d_moy = 3)
            and (select distinct d_month_seq + 9 from date_dim where d_year = 1999 and d_moy = 3)
    group by c_customer_sk
)
select segment, count(*) as customers, segment * 50 as base, sum(revenue) as revenue
from (select cast((revenue / 50) as int) as segment, revenue from revenue) segments
group by segment
order by customers desc, segment
limit 80
