-- Binaries: integers by their bytes, text as UTF-8.
create temporary view t as select * from values
  (X''),
  (X'61'),
  (X'00FF'),
  (X'C3A9'),
  (X'FFFE'),
  (X'31323334'),
  (X'0102030405060708'),
  (cast(null as binary))
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
