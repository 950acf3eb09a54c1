-- A star around catalog orders with both dates, both customers and both addresses.
select
    cc_name,
    sm_type,
    w_warehouse_name,
    bill.ca_state as bill_state,
    count(distinct cs_order_number) as orders,
    sum(cs_ext_ship_cost) as shipping,
    sum(cs_net_profit) as profit,
    avg(datediff(shipped.d_date, sold.d_date)) as days_to_ship
from
    catalog_sales
    join date_dim sold on cs_sold_date_sk = sold.d_date_sk
    join date_dim shipped on cs_ship_date_sk = shipped.d_date_sk
    join customer buyer on cs_bill_customer_sk = buyer.c_customer_sk
    join customer receiver on cs_ship_customer_sk = receiver.c_customer_sk
    join customer_address bill on cs_bill_addr_sk = bill.ca_address_sk
    join customer_address ship on cs_ship_addr_sk = ship.ca_address_sk
    join call_center on cs_call_center_sk = cc_call_center_sk
    join ship_mode on cs_ship_mode_sk = sm_ship_mode_sk
    join warehouse on cs_warehouse_sk = w_warehouse_sk
    join item on cs_item_sk = i_item_sk
where
    sold.d_year = 2001
    and (buyer.c_customer_sk <> receiver.c_customer_sk or bill.ca_state <> ship.ca_state)
    and i_current_price between 1 and 80
group by
    cc_name,
    sm_type,
    w_warehouse_name,
    bill.ca_state
order by
    profit,
    cc_name,
    sm_type,
    w_warehouse_name,
    bill_state
limit 100
