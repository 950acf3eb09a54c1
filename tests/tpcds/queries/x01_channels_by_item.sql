-- Three channels as WITH queries, joined by item.
with ss as (
    select i_item_id as id, sum(ss_ext_sales_price) as revenue
    from store_sales, item, date_dim, customer_address
    where ss_item_sk = i_item_sk and ss_sold_date_sk = d_date_sk and ss_addr_sk = ca_address_sk
        and d_year = 2001 and ca_gmt_offset in (-5, -6)
    group by i_item_id
),
cs as (
    select i_item_id as id, sum(cs_ext_sales_price) as revenue
    from catalog_sales, item, date_dim, customer_address
    where cs_item_sk = i_item_sk and cs_sold_date_sk = d_date_sk and cs_bill_addr_sk = ca_address_sk
        and d_year = 2001 and ca_gmt_offset in (-5, -6)
    group by i_item_id
),
ws as (
    select i_item_id as id, sum(ws_ext_sales_price) as revenue
    from web_sales, item, date_dim, customer_address
    where ws_item_sk = i_item_sk and ws_sold_date_sk = d_date_sk and ws_bill_addr_sk = ca_address_sk
        and d_year = 2001 and ca_gmt_offset in (-5, -6)
    group by i_item_id
)
select
    id,
    coalesce(ss.revenue, 0) as store,
    coalesce(cs.revenue, 0) as catalog,
    coalesce(ws.revenue, 0) as web,
    greatest(ss.revenue, cs.revenue, ws.revenue) as best,
    coalesce(ss.revenue, 0) + coalesce(cs.revenue, 0) + coalesce(ws.revenue, 0) as total
from
    ss
    full outer join cs using (id)
    full outer join ws using (id)
order by
    total desc,
    id
limit 60
