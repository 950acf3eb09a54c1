-- Several counts of distinct values beside plain ones, with a filter.
select
    d_year,
    d_qoy,
    count(distinct cs_bill_customer_sk) as buyers,
    count(distinct cs_ship_customer_sk, cs_ship_addr_sk) as receivers,
    count(distinct cs_item_sk) filter (where cs_quantity > 50) as bulk_items,
    sum(distinct cs_quantity) as quantities,
    avg(distinct cs_sales_price) as prices,
    count(*) as lines,
    sum(cs_net_paid) as paid
from
    catalog_sales
    join date_dim on cs_sold_date_sk = d_date_sk
group by
    d_year,
    d_qoy
order by
    d_year,
    d_qoy
