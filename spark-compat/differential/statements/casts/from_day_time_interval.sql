-- Intervals of days and times.
create temporary view t as select * from values
  (interval '1 02:03:04.5' day to second),
  (interval '-0 00:00:00.000001' day to second),
  (interval '0 0:0:0' day to second),
  (interval '106751991 04:00:54.775807' day to second),
  (cast(null as interval day to second))
as t(a);
select a, cast(a as boolean) b from t;
select a, cast(a as int) b from t;
select a, cast(a as bigint) b from t;
select a, cast(a as double) b from t;
select a, cast(a as string) b from t;
select a, cast(a as binary) b from t;
select a, cast(a as timestamp) b from t;
select a, cast(a as interval day) b from t;
select a, cast(a as interval hour to minute) b from t;
select a, cast(a as interval second) b from t;
select a, cast(a as interval year to month) b from t;
