-- Two correlated subqueries: receipts far above their store's average, of customers who came back.
select
    s_store_id,
    c_customer_id,
    ss_ticket_number,
    sum(ss_net_paid) as paid,
    count(*) as lines
from
    store_sales s
    join store on s.ss_store_sk = s_store_sk
    join customer on s.ss_customer_sk = c_customer_sk
where
    s.ss_net_paid > (
        select 2.5 * avg(o.ss_net_paid) from store_sales o where o.ss_store_sk = s.ss_store_sk
    )
    and exists (
        select 1
        from store_sales again
        where again.ss_customer_sk = s.ss_customer_sk and again.ss_ticket_number > s.ss_ticket_number
    )
group by
    s_store_id,
    c_customer_id,
    ss_ticket_number
order by
    paid desc,
    ss_ticket_number,
    c_customer_id
limit 50
