-- Three WITH queries of returns by item, with the share of each in their mean.
with sr as (
    select i_item_id as id, sum(sr_return_quantity) as n from store_returns, item, date_dim
    where sr_item_sk = i_item_sk and sr_returned_date_sk = d_date_sk
        and d_week_seq in (select d_week_seq from date_dim where d_date in ('2000-06-30', '2000-09-27', '2000-11-17', '2001-03-03'))
    group by i_item_id
),
cr as (
    select i_item_id as id, sum(cr_return_quantity) as n from catalog_returns, item, date_dim
    where cr_item_sk = i_item_sk and cr_returned_date_sk = d_date_sk
        and d_month_seq in (select distinct d_month_seq from date_dim where d_year = 2000 and d_moy > 5)
    group by i_item_id
),
wr as (
    select i_item_id as id, sum(wr_return_quantity) as n from web_returns, item, date_dim
    where wr_item_sk = i_item_sk and wr_returned_date_sk = d_date_sk and d_year >= 2000
    group by i_item_id
)
select
    sr.id as id,
    sr.n as store,
    sr.n / (sr.n + cr.n + wr.n) / 3.0 * 100 as store_share,
    cr.n as catalog,
    cr.n / (sr.n + cr.n + wr.n) / 3.0 * 100 as catalog_share,
    wr.n as web,
    (sr.n + cr.n + wr.n) / 3.0 as mean
from sr, cr, wr
where sr.id = cr.id and sr.id = wr.id
order by id, store
limit 60
