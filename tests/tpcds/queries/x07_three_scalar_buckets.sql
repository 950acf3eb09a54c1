-- Many scalar subqueries in one list, each chosen by a count.
select
    case when (select count(*) from store_sales where ss_quantity between 1 and 25) > 5000
        then (select avg(ss_ext_discount_amt) from store_sales where ss_quantity between 1 and 25)
        else (select avg(ss_net_paid) from store_sales where ss_quantity between 1 and 25)
    end as low,
    case when (select count(*) from catalog_sales where cs_quantity between 26 and 60) > 5000
        then (select avg(cs_ext_discount_amt) from catalog_sales where cs_quantity between 26 and 60)
        else (select avg(cs_net_paid) from catalog_sales where cs_quantity between 26 and 60)
    end as middle,
    case when (select count(*) from web_sales where ws_quantity between 61 and 100) > 500
        then (select max(ws_ext_discount_amt) from web_sales where ws_quantity between 61 and 100)
        else (select min(ws_net_paid) from web_sales where ws_quantity between 61 and 100)
    end as high,
    (select count(distinct r_reason_desc) from reason) as reasons
from
    reason
where
    r_reason_sk = 1
order by
    low
