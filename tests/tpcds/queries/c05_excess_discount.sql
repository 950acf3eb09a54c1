-- A correlated subquery over a date range: discounts well above those of the same item around that time.
select
    i_manufact_id,
    sum(cs_ext_discount_amt) as discount,
    count(*) as lines
from
    catalog_sales outside
    join item on outside.cs_item_sk = i_item_sk
    join date_dim on outside.cs_sold_date_sk = d_date_sk
where
    d_date between to_date('2000-01-15') and date_add(to_date('2000-01-15'), 150)
    and outside.cs_ext_discount_amt > (
        select 1.3 * avg(inside.cs_ext_discount_amt)
        from catalog_sales inside
        join date_dim d on inside.cs_sold_date_sk = d.d_date_sk
        where inside.cs_item_sk = outside.cs_item_sk and d.d_date between '2000-01-15' and '2000-06-13'
    )
group by
    i_manufact_id
order by
    discount desc,
    i_manufact_id
limit 60
