-- A star around web orders: sites, pages, promotions and both demographics.
select
    web_name,
    wp_type,
    sm_carrier,
    hd_buy_potential,
    cd_education_status,
    sum(ws_quantity) as pieces,
    sum(ws_net_paid_inc_ship_tax) as paid,
    count(distinct ws_order_number) as orders,
    count(p_promo_sk) as promoted
from
    web_sales
    inner join web_site on ws_web_site_sk = web_site_sk
    inner join web_page on ws_web_page_sk = wp_web_page_sk
    inner join ship_mode on ws_ship_mode_sk = sm_ship_mode_sk
    inner join warehouse on ws_warehouse_sk = w_warehouse_sk
    inner join household_demographics on ws_ship_hdemo_sk = hd_demo_sk
    inner join customer on ws_bill_customer_sk = c_customer_sk
    inner join customer_demographics on c_current_cdemo_sk = cd_demo_sk
    inner join customer_address on ws_bill_addr_sk = ca_address_sk
    inner join date_dim on ws_sold_date_sk = d_date_sk
    inner join item on ws_item_sk = i_item_sk
    left outer join promotion on ws_promo_sk = p_promo_sk and p_discount_active = 'N'
where
    d_year in (1999, 2000, 2001)
    and wp_char_count > 1000
    and i_color in ('red', 'blue', 'pink', 'orchid', 'pale', 'rosy', 'peru', 'white', 'tan', 'cyan', 'plum', 'navy')
group by
    web_name,
    wp_type,
    sm_carrier,
    hd_buy_potential,
    cd_education_status
order by
    paid desc,
    web_name,
    wp_type,
    sm_carrier,
    hd_buy_potential,
    cd_education_status
limit 80
