-- SET TIME ZONE with an interval.
SET TIME ZONE INTERVAL '-08:30' HOUR TO MINUTE;
select current_timezone(), timestamp'2020-01-01 00:00:00 UTC';
select cast(date'2020-01-01' as timestamp), date_format(timestamp'2020-01-01 12:00:00', 'VV XXX O');
