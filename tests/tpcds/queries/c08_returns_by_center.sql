-- Losses of call centers by month, with what the months before lost.
select
    cc_call_center_id,
    cc_manager,
    d_year,
    d_moy,
    sum(cr_net_loss) as loss,
    sum(sum(cr_net_loss)) over (
        partition by cc_call_center_id order by d_year, d_moy rows between 2 preceding and current row
    ) as three_months,
    first_value(sum(cr_net_loss)) over (partition by cc_call_center_id, d_year order by d_moy) as of_january,
    ntile(4) over (partition by d_year order by sum(cr_net_loss), cc_call_center_id, cc_manager, d_moy) as quarter_of_losses,
    percent_rank() over (partition by cc_call_center_id order by sum(cr_net_loss)) as relative
from
    call_center,
    catalog_returns,
    date_dim,
    customer,
    customer_demographics,
    household_demographics
where
    cr_call_center_sk = cc_call_center_sk
    and cr_returned_date_sk = d_date_sk
    and cr_returning_customer_sk = c_customer_sk
    and cd_demo_sk = c_current_cdemo_sk
    and hd_demo_sk = c_current_hdemo_sk
    and cd_marital_status in ('M', 'W', 'S')
group by
    cc_call_center_id,
    cc_manager,
    d_year,
    d_moy
order by
    cc_call_center_id,
    cc_manager,
    d_year,
    d_moy
limit 120
