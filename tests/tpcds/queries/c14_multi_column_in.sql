-- IN over several columns, and NOT IN over a subquery with NULLs among its rows.
select
    sm_type,
    sm_code,
    count(*) as lines,
    sum(cs_net_paid) as paid
from
    catalog_sales
    join ship_mode on cs_ship_mode_sk = sm_ship_mode_sk
where
    (cs_order_number, cs_item_sk) in (select cr_order_number, cr_item_sk from catalog_returns where cr_return_quantity > 10)
    and cs_catalog_page_sk not in (
        select cp_catalog_page_sk from catalog_page where cp_department is null or cp_type = 'bi-annual'
    )
    and cs_promo_sk not in (select p_promo_sk from promotion where p_cost < 0)
group by
    sm_type,
    sm_code
order by
    sm_type,
    sm_code
