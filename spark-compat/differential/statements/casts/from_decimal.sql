-- Decimals of one type: rounding half up to a scale, NULL where the digits don't fit, truncation to integers.
create temporary view t as select * from values
  (cast(0.00BD as decimal(17,3))),
  (cast(1.00BD as decimal(17,3))),
  (cast(-1.50BD as decimal(17,3))),
  (cast(0.01BD as decimal(17,3))),
  (cast(127.99BD as decimal(17,3))),
  (cast(-128.99BD as decimal(17,3))),
  (cast(999.995BD as decimal(17,3))),
  (cast(-999.994BD as decimal(17,3))),
  (cast(32768.50BD as decimal(17,3))),
  (cast(2147483648.00BD as decimal(17,3))),
  (cast(99999999999999.99BD as decimal(17,3))),
  (cast(null as decimal(16,3)))
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
select a, cast(a as decimal(3,1)) b from t;
select a, cast(a as decimal(17,3)) b from t;
select a, cast(a as decimal(2,2)) b from t;
