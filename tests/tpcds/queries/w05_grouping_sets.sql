-- Grouping sets that a rollup could not give, with the sets told apart.
select
    case grouping_id(web_site_id, d_year, i_category)
        when 1 then 'site and year'
        when 2 then 'site and category'
        when 7 then 'all'
        else concat('set ', cast(grouping_id(web_site_id, d_year, i_category) as string))
    end as what,
    web_site_id,
    d_year,
    i_category,
    sum(ws_net_paid) as paid,
    sum(ws_ext_discount_amt) filter (where ws_promo_sk is not null) as discount,
    count(distinct ws_bill_customer_sk) as customers
from
    web_sales
    join web_site on ws_web_site_sk = web_site_sk
    join date_dim on ws_sold_date_sk = d_date_sk
    join item on ws_item_sk = i_item_sk
group by
    web_site_id,
    d_year,
    i_category
    grouping sets ((web_site_id, d_year), (web_site_id, i_category), (d_year), ())
order by
    what,
    web_site_id,
    d_year,
    i_category
limit 120
