-- Booleans.
create temporary view t as select * from values
  (true),
  (false),
  (cast(null as boolean))
as t(a);
select a, cast(a as boolean) b from t;
select a, cast(a as tinyint) b from t;
select a, cast(a as smallint) b from t;
select a, cast(a as int) b from t;
select a, cast(a as bigint) b from t;
select a, cast(a as float) b from t;
select a, cast(a as double) b from t;
select a, cast(a as decimal(10,0)) b from t;
select a, cast(a as decimal(5,2)) b from t;
select a, cast(a as decimal(38,18)) b from t;
select a, cast(a as string) b from t;
select a, cast(a as binary) b from t;
select a, cast(a as date) b from t;
select a, cast(a as interval year to month) b from t;
select a, cast(a as interval day to second) b from t;
