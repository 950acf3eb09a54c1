-- Timestamps: seconds since 1970 as numbers, floored.
create temporary view t as select * from values
  (timestamp'1970-01-01 00:00:00'),
  (timestamp'2020-02-29 12:34:56.789'),
  (timestamp'1969-12-31 23:59:59.5'),
  (timestamp'2020-01-01 00:00:00.100000'),
  (timestamp'0001-01-01 00:00:00'),
  (timestamp'9999-12-31 23:59:59.999999'),
  (timestamp'2001-09-09 01:46:40.000001'),
  (cast(null as timestamp))
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
select a, cast(a as timestamp) b from t;
select a, cast(a as interval day to second) b from t;
