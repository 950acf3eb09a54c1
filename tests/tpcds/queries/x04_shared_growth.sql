-- Six uses of one WITH query: customers whose web spending grew more than their store spending.
with year_total as (
    select c_customer_id as id, c_preferred_cust_flag as flag, d_year as year, 's' as kind, sum(ss_ext_list_price - ss_ext_discount_amt) as total
    from customer, store_sales, date_dim
    where c_customer_sk = ss_customer_sk and ss_sold_date_sk = d_date_sk
    group by c_customer_id, c_preferred_cust_flag, d_year
    union all
    select c_customer_id, c_preferred_cust_flag, d_year, 'w', sum((ws_ext_list_price - ws_ext_discount_amt) / 2)
    from customer, web_sales, date_dim
    where c_customer_sk = ws_bill_customer_sk and ws_sold_date_sk = d_date_sk
    group by c_customer_id, c_preferred_cust_flag, d_year
    union all
    select c_customer_id, c_preferred_cust_flag, d_year, 'c', max(cs_ext_list_price)
    from customer, catalog_sales, date_dim
    where c_customer_sk = cs_bill_customer_sk and cs_sold_date_sk = d_date_sk
    group by c_customer_id, c_preferred_cust_flag, d_year
)
select
    s2.id,
    s2.flag,
    s1.total as store_first,
    s2.total as store_second,
    w1.total as web_first,
    w2.total as web_second
from
    year_total s1,
    year_total s2,
    year_total w1,
    year_total w2,
    year_total c1,
    year_total c2
where
    s1.id = s2.id and s1.id = w1.id and s1.id = w2.id and s1.id = c1.id and s1.id = c2.id
    and s1.kind = 's' and s2.kind = 's' and w1.kind = 'w' and w2.kind = 'w' and c1.kind = 'c' and c2.kind = 'c'
    and s1.year = 1999 and s2.year = 2001 and w1.year = 1999 and w2.year = 2001 and c1.year < 2000 and c2.year > 2000
    and case when w1.total > 0 then w2.total / w1.total else 0.0 end
        > case when s1.total > 0 then s2.total / s1.total else 0.0 end
    and c1.total < 2 * c2.total
order by
    id,
    web_first,
    store_first,
    web_second
limit 60
