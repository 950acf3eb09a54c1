-- Zip codes by their first digits, with counts of customers in a HAVING below an INTERSECT.
select s_store_name, sum(ss_net_profit) as profit, count(*) as n
from
    store_sales,
    date_dim,
    store,
    (
        select zip
        from (
            select substr(ca_zip, 1, 5) as zip from customer_address where substr(ca_zip, 1, 1) in ('1', '2', '3', '4', '5')
            intersect
            select zip
            from (
                select substr(ca_zip, 1, 5) as zip, count(*) as cnt
                from customer_address, customer
                where ca_address_sk = c_current_addr_sk and c_preferred_cust_flag = 'Y'
                group by ca_zip
                having count(*) > 1
            ) preferred
        ) common
    ) zips
where
    ss_store_sk = s_store_sk
    and ss_sold_date_sk = d_date_sk
    and d_qoy = 2
    and d_year = 1998
    and substr(s_zip, 1, 1) = substr(zips.zip, 1, 1)
group by
    s_store_name
order by
    s_store_name
