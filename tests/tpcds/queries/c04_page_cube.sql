-- A cube over catalog pages, with the number of each grouping.
select
    cp_department,
    cp_type,
    d_qoy,
    grouping_id() as kind,
    sum(cs_ext_sales_price) as revenue,
    count(cs_order_number) as lines,
    avg(cs_quantity) as pieces
from
    catalog_sales
    join catalog_page on cs_catalog_page_sk = cp_catalog_page_sk
    join date_dim on cs_sold_date_sk = d_date_sk
where
    d_year = 1999
group by
    cp_department,
    cp_type,
    d_qoy
    with cube
order by
    kind,
    cp_department,
    cp_type,
    d_qoy
