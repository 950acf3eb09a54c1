-- Texts of customers: domains, initials and lengths, with string functions in the keys.
select
    lower(substring_index(c_email_address, '.', -1)) as domain,
    concat_ws('.', substr(c_first_name, 1, 1), upper(substr(c_last_name, 1, 1))) as initials,
    count(*) as customers,
    sum(length(trim(c_login))) as login_length,
    max(length(c_email_address)) as longest,
    sum(ws_net_paid) as paid,
    min(coalesce(c_birth_country, 'unknown')) as country
from
    customer
    join web_sales on c_customer_sk = ws_bill_customer_sk
where
    c_email_address rlike '[A-Z][a-z]+\\.[A-Z]'
    and c_last_name not like 'M%'
group by
    1,
    2
having
    count(*) > 20
order by
    customers desc,
    domain,
    initials
limit 60
