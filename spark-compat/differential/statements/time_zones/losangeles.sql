-- A zone with daylight saving time: gaps, overlaps, local mean time.
--SET spark.sql.session.timeZone=America/Los_Angeles
select current_timezone();
select timestamp'2020-03-08 02:30:00', timestamp'2020-03-08 01:59:59', timestamp'2020-03-08 03:00:00', timestamp'2020-11-01 01:30:00', timestamp'2020-11-01 00:59:59', timestamp'2020-11-01 02:00:00';
select cast(a as timestamp), unix_timestamp(a) from values ('2020-03-08 02:30:00'), ('2020-11-01 01:30:00'), ('2020-07-01 00:00:00'), ('1883-11-18 12:00:00'), ('1800-01-01 00:00:00'), ('2500-07-01 00:00:00') t(a);
select hour(t), minute(t), second(t), year(t), cast(t as date), cast(t as string) from values (timestamp'2020-07-01 00:30:15.5 UTC'), (timestamp'1850-07-01 00:30:15 UTC'), (timestamp'2600-07-01 00:30:15 UTC') v(t) order by t;
select cast(date'2020-03-08' as timestamp), cast(timestamp'2020-03-08 07:59:59 UTC' as date), unix_timestamp(date'2020-07-01'), cast(timestamp'2020-01-01 00:00:00' as bigint);
select timestamp'2020-03-07 02:30:00' + interval '1' day, timestamp'2020-03-07 02:30:00' + interval '24' hour, timestamp'2020-10-31 01:30:00' + interval '1' day, timestamp'2020-11-01 01:30:00' + interval '1' hour;
select t + interval '1' day, t + interval '24' hour, t + interval '1' month, t - interval '1' year from values (timestamp'2020-02-08 02:30:00'), (timestamp'2020-10-01 01:30:00'), (timestamp'2020-03-07 02:30:00') v(t) order by t;
select t + make_interval(0, 1, 0, 1, 2, 30), t - make_interval(0, 1, 0, 1, 2, 30) from values (timestamp'2020-02-07 00:15:00'), (timestamp'2020-04-09 04:30:00') v(t) order by t;
select date'2020-03-08' + interval '2' hour, date'2020-03-08' + interval '3' hour, date'2020-11-01' + interval '2' hour;
select timestamp'2020-03-09 00:00:00' - timestamp'2020-03-08 00:00:00', timestamp'2020-11-02 00:00:00' - date'2020-11-01', date'2020-03-09' - date'2020-03-08';
select date_trunc('day', timestamp'2020-03-08 10:00:00'), date_trunc('hour', timestamp'2020-11-01 09:30:00 UTC'), date_trunc('week', timestamp'2020-03-10 10:00:00'), date_trunc('year', timestamp'2020-07-01 00:00:00'), date_trunc('hour', timestamp'1850-01-01 00:30:00');
select months_between(timestamp'2020-03-08 03:00:00', timestamp'2020-02-08 01:00:00'), months_between(timestamp'2020-11-02 00:00:00', timestamp'2020-10-01 12:00:00'), datediff(timestamp'2020-03-09 00:00:00', timestamp'2020-03-08 23:59:59');
select make_timestamp(2020, 3, 8, 2, 30, 0), make_timestamp(2020, 11, 1, 1, 30, 0), make_timestamp(2020, 11, 1, 1, 30, 0, 'UTC'), make_timestamp(2020, 7, 1, 0, 0, 0);
select extract(hour from timestamp'2020-07-01 00:30:15.5 UTC'), extract(second from timestamp'1850-07-01 00:30:15.25 UTC'), extract(day from timestamp'2020-07-01 00:30:15.5 UTC'), date_part('minute', timestamp'1850-07-01 00:30:15.25 UTC');
select unix_seconds(timestamp'2020-07-01 00:00:00'), timestamp_seconds(0), from_unixtime(0), to_unix_timestamp('2020-07-01', 'yyyy-MM-dd');
select to_timestamp('2020-03-08 02:30', 'yyyy-MM-dd HH:mm'), to_timestamp('2020-11-01 01:30', 'yyyy-MM-dd HH:mm'), date_format(timestamp'2020-07-01 12:00:00', 'z zzzz VV O OOOO x X xx xxx XXX Z ZZZZ'), date_format(timestamp'2020-01-01 12:00:00', 'z zzzz O Z XXX');
select from_utc_timestamp(timestamp'2020-07-01 00:00:00', 'Asia/Tokyo'), to_utc_timestamp(timestamp'2020-07-01 00:00:00', 'Asia/Tokyo');
select cast(cast('2020-07-01 00:00:00' as timestamp) as decimal(20,2)), cast(1 as timestamp), cast('2020-07-01 00:00:00 UTC' as timestamp);
select date_add(timestamp'2020-03-08 07:00:00 UTC', 1), trunc(timestamp'2020-01-01 07:00:00 UTC', 'year'), last_day(timestamp'2020-02-01 07:00:00 UTC');
