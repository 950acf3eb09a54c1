-- Timestamps to and from texts: partial fields, fractions, zones at the end.
select a, cast(a as timestamp) from values ('2020-01-02'), ('2020-01-02 '), ('2020-01-02 3'), ('2020-01-02 3:4'), ('2020-01-02 3:4:5'), ('2020-01-02 03:04:05.1'), ('2020-01-02 03:04:05.123456789'), ('2020-01-02T03:04:05'), ('2020-01-02T'), ('2020-01-02 03:04:05.') t(a);
select a, cast(a as timestamp) from values ('2020'), ('2020-02'), ('2020-2-3'), ('20200203'), ('2020-02-30 00:00:00'), ('2020-01-01 24:00:00'), ('2020-01-01 23:60:00'), ('2020-01-01 23:59:60'), (''), ('x'), ('2020-01-01  01:00:00') t(a);
select a, cast(a as timestamp) from values ('2020-01-01 12:00:00Z'), ('2020-01-01 12:00:00z'), ('2020-01-01 12:00:00+1'), ('2020-01-01 12:00:00+01'), ('2020-01-01 12:00:00+01:30'), ('2020-01-01 12:00:00-0130'), ('2020-01-01 12:00:00 UTC+3'), ('2020-01-01 12:00:00 PST'), ('2020-01-01 12:00:00 Europe/Paris'), ('2020-01-01 12:00:00 europe/paris'), ('2020-01-01 12:00:00 GMT-5:00') t(a);
select a, cast(a as timestamp) from values ('2020-01-01 12:00:00 EST'), ('2020-01-01 12:00:00.5 MST'), ('2020-01-01 12:00:00 CST'), ('2020-01-01 12:00:00 +18:00'), ('2020-01-01 12:00:00 +18:01'), ('2020-01-01 12:00:00 -19:00'), ('2020-01-01 12:00 Z'), ('2020-01-01 12Z'), ('2020-01-01Z'), ('2020-01-01 12:00:00 UT'), ('2020-01-01 12:00:00 GMT0') t(a);
select a, cast(a as timestamp) from values ('10000-01-01 00:00:00'), ('+10000-01-01 00:00:00'), ('-0001-01-01 00:00:00'), ('0000-01-01 00:00:00'), ('0001-01-01 00:00:00'), ('1582-10-10 12:00:00'), ('999999-01-01 00:00:00'), ('290000-01-01 00:00:00') t(a);
select cast(cast('T05:06:07' as timestamp) as string) like '%05:06:07', cast(cast('05:06' as timestamp) as string) like '% 05:06:00', hour(cast('5:6:7' as timestamp));
select timestamp'2020-01-02', timestamp'2020', timestamp'2020-01-02 03:04:05.120', timestamp'2020-01-02T03:04:05Z', timestamp'2020-01-02 03:04:05 Asia/Tokyo';
select timestamp'x';
select timestamp'2020-13-01 00:00:00';
select timestamp'epoch', cast('epoch' as timestamp), timestamp'epoch UTC';
select timestamp'today' = cast(current_date as timestamp) as a, timestamp'tomorrow' - timestamp'yesterday' as b, timestamp'now' <= now() as c;
select cast(timestamp'2020-01-02 03:04:05.000001' as string), cast(timestamp'2020-01-02 03:04:05.100' as string), cast(timestamp'-0001-01-02 03:04:05' as string), cast(timestamp'12345-01-02 03:04:05' as string), cast(timestamp'0000-01-02 00:00:00' as string);
select cast(t as string), cast(t as date) from values (timestamp'1969-12-31 23:59:59.999999'), (timestamp'0001-01-01 00:00:00'), (null) v(t);
select timestamp_ntz'2020-01-01 00:00:00';
select timestamp_ltz'2020-01-01 00:00:00';
