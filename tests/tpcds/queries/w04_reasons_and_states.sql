-- Conditions that connect tables by OR, over returns on the web.
select
    substr(r_reason_desc, 1, 20) as reason,
    ca_state,
    avg(ws_quantity) as pieces,
    avg(wr_refunded_cash) as refunded,
    avg(wr_fee) as fee,
    count(*) as n
from
    web_sales,
    web_returns,
    web_page,
    customer_demographics back,
    customer_address,
    date_dim,
    reason
where
    ws_web_page_sk = wp_web_page_sk
    and ws_item_sk = wr_item_sk
    and ws_order_number = wr_order_number
    and wr_returned_date_sk = d_date_sk
    and wr_reason_sk = r_reason_sk
    and wr_returning_cdemo_sk = back.cd_demo_sk
    and wr_refunded_addr_sk = ca_address_sk
    and (
        back.cd_marital_status = 'M' and ws_sales_price between 20 and 90
        or back.cd_marital_status = 'S' and ws_sales_price < 60
        or back.cd_education_status like '%Degree' and ws_net_profit > 0
    )
    and (ca_state in ('TX', 'OH', 'GA', 'KY', 'CA', 'IL') or ca_gmt_offset <= -7 or wr_net_loss > 200)
group by
    r_reason_desc,
    ca_state
order by
    reason,
    ca_state,
    pieces,
    refunded
limit 100
