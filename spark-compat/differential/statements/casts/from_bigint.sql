-- Sixty-four bits. (Seconds beyond the range of timestamps saturate or wrap around, as Spark computes them.)
create temporary view t as select * from values
  (0L),
  (-1L),
  (2147483648L),
  (-2147483649L),
  (16777217L),
  (9007199254740993L),
  (253402300800L),
  (9223372036854775807L),
  (-9223372036854775808L),
  (cast(null as bigint))
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
select a, cast(a as timestamp) b from t where a between -1000000000000 and 1000000000000;
