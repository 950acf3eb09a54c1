-- Averages for one kind of buyer over a rollup of places.
select
    i_item_id,
    ca_country,
    ca_state,
    ca_county,
    avg(cast(cs_quantity as decimal(12, 2))) as quantity,
    avg(cast(cs_list_price as decimal(12, 2))) as list_price,
    avg(cast(cs_coupon_amt as decimal(12, 2))) as coupon,
    avg(cast(c_birth_year as decimal(12, 2))) as birth_year,
    avg(cast(cd_dep_count as decimal(12, 2))) as dependents
from
    catalog_sales,
    customer_demographics,
    customer,
    customer_address,
    date_dim,
    item
where
    cs_sold_date_sk = d_date_sk
    and cs_item_sk = i_item_sk
    and cs_bill_cdemo_sk = cd_demo_sk
    and cs_bill_customer_sk = c_customer_sk
    and c_current_addr_sk = ca_address_sk
    and cd_gender = 'F'
    and c_birth_month in (2, 4, 6, 9, 10, 12)
    and d_year = 2000
group by
    rollup (i_item_id, ca_country, ca_state, ca_county)
order by
    ca_country,
    ca_state,
    ca_county,
    i_item_id,
    quantity
limit 100
