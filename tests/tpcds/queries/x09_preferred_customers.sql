-- EXISTS of three channels under AND and OR, with demographics counted.
select
    cd_gender,
    cd_marital_status,
    cd_credit_rating,
    count(*) as n,
    avg(cd_dep_count) as dependents,
    max(cd_purchase_estimate) as estimate,
    sum(cd_dep_college_count) as college
from
    customer c
    join customer_address a on c.c_current_addr_sk = a.ca_address_sk
    join customer_demographics on cd_demo_sk = c.c_current_cdemo_sk
where
    exists (
        select * from store_sales, date_dim
        where c.c_customer_sk = ss_customer_sk and ss_sold_date_sk = d_date_sk and d_year = 2001
    )
    and (
        exists (
            select * from web_sales, date_dim
            where c.c_customer_sk = ws_bill_customer_sk and ws_sold_date_sk = d_date_sk and d_year = 2001 and d_qoy < 4
        )
        or exists (
            select * from catalog_sales, date_dim
            where c.c_customer_sk = cs_ship_customer_sk and cs_sold_date_sk = d_date_sk and d_year = 2001 and d_qoy < 4
        )
    )
group by
    cd_gender,
    cd_marital_status,
    cd_credit_rating
order by
    n desc,
    cd_gender,
    cd_marital_status,
    cd_credit_rating
