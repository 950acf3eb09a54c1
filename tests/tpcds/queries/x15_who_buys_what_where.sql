-- One table three times by different keys: sold, returned and bought again by catalog.
select
    i_item_id,
    s_state,
    count(ss_quantity) as sold_n,
    round(avg(ss_quantity), 4) as sold_mean,
    round(stddev_samp(ss_quantity) / avg(ss_quantity), 6) as sold_spread,
    count(sr_return_quantity) as returned_n,
    sum(sr_return_quantity) as returned,
    count(cs_quantity) as again_n,
    var_pop(cs_quantity) as again_variance,
    max(struct(d3.d_date, cs_order_number)).d_date as last_again
from
    store_sales,
    store_returns,
    catalog_sales,
    date_dim d1,
    date_dim d2,
    date_dim d3,
    store,
    item
where
    d1.d_year in (1999, 2000, 2001)
    and d1.d_date_sk = ss_sold_date_sk
    and i_item_sk = ss_item_sk
    and s_store_sk = ss_store_sk
    and ss_customer_sk = sr_customer_sk
    and ss_item_sk = sr_item_sk
    and ss_ticket_number = sr_ticket_number
    and sr_returned_date_sk = d2.d_date_sk
    and d2.d_date > d1.d_date
    and sr_customer_sk = cs_bill_customer_sk
    and cs_sold_date_sk = d3.d_date_sk
    and d3.d_date between d2.d_date and d2.d_date + interval 4 months
group by
    i_item_id,
    s_state
order by
    again_n desc,
    i_item_id,
    s_state
limit 60
