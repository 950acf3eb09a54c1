-- Intervals of years and months.
create temporary view t as select * from values
  (interval '1-2' year to month),
  (interval '-0-1' year to month),
  (interval '0-0' year to month),
  (interval '178956970-7' year to month),
  (cast(null as interval year to month))
as t(a);
select a, cast(a as boolean) b from t;
select a, cast(a as int) b from t;
select a, cast(a as bigint) b from t;
select a, cast(a as double) b from t;
select a, cast(a as decimal(10,0)) b from t;
select a, cast(a as string) b from t;
select a, cast(a as binary) b from t;
select a, cast(a as date) b from t;
select a, cast(a as interval year) b from t;
select a, cast(a as interval month) b from t;
select a, cast(a as interval day to second) b from t;
