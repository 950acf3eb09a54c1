-- The session time zone GMT+8.
--SET spark.sql.session.timeZone=GMT+8
select current_timezone(), timestamp'2020-07-01 00:00:00', cast(timestamp'2020-07-01 00:00:00 UTC' as string), cast(date'2020-01-01' as timestamp), unix_timestamp(date'2011-12-30');
select hour(t), cast(t as date), date_trunc('day', t), t + interval '1' day from values (timestamp'2011-12-29 09:30:00 UTC'), (timestamp'2020-03-29 00:30:00 UTC'), (timestamp'2020-10-25 00:30:00 UTC') v(t) order by t;
select date_format(t, 'yyyy-MM-dd HH:mm:ss z'), date_format(t, 'VV'), date_format(t, 'O OOOO XXX Z'), date_format(t, 'zzzz') from values (timestamp'2020-01-01 00:00:00 UTC'), (timestamp'2020-07-01 00:00:00 UTC') v(t) order by t;
