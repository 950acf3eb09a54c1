-- Sixteen bits.
create temporary view t as select * from values
  (0S),
  (128S),
  (-129S),
  (256S),
  (32767S),
  (-32768S),
  (cast(null as smallint))
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
