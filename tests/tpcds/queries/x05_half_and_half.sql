-- A value that occurs in two channels, by a union under DISTINCT, counted over a self join.
select
    a.i_brand_id as brand,
    a.d_year as year,
    a.n as pieces,
    b.n as next_pieces,
    b.amount - a.amount as more
from
    (
        select i_brand_id, d_year, sum(quantity) as n, sum(amount) as amount
        from (
            select i_brand_id, d_year, ss_quantity - coalesce(sr_return_quantity, 0) as quantity,
                ss_ext_sales_price - coalesce(sr_return_amt, 0.0) as amount
            from store_sales join item on i_item_sk = ss_item_sk join date_dim on d_date_sk = ss_sold_date_sk
                left join store_returns on ss_ticket_number = sr_ticket_number and ss_item_sk = sr_item_sk
            where i_category = 'Books'
            union
            select i_brand_id, d_year, ws_quantity - coalesce(wr_return_quantity, 0) as quantity,
                ws_ext_sales_price - coalesce(wr_return_amt, 0.0) as amount
            from web_sales join item on i_item_sk = ws_item_sk join date_dim on d_date_sk = ws_sold_date_sk
                left join web_returns on ws_order_number = wr_order_number and ws_item_sk = wr_item_sk
            where i_category = 'Books'
        ) once
        group by i_brand_id, d_year
    ) a
    join (
        select i_brand_id, d_year, sum(ss_quantity) as n, sum(ss_ext_sales_price) as amount
        from store_sales join item on i_item_sk = ss_item_sk join date_dim on d_date_sk = ss_sold_date_sk
        where i_category = 'Books'
        group by i_brand_id, d_year
    ) b on a.i_brand_id = b.i_brand_id and a.d_year = b.d_year - 1
where
    cast(b.n as decimal(17, 2)) / cast(a.n as decimal(17, 2)) < 1.5
order by
    brand,
    year
