-- Double precision: NaN and infinities, truncation, saturation and Java's text.
create temporary view t as select * from values
  (0.0D),
  (-0.0D),
  (0.5D),
  (-0.9D),
  (0.1D),
  (123456.789D),
  (1.0E7D),
  (9999999.999D),
  (0.001D),
  (9.999E-4D),
  (127.9D),
  (-129.0D),
  (2147483648.0D),
  (1E19D),
  (1.7976931348623157E308D),
  (4.9E-324D),
  (double('NaN')),
  (double('Infinity')),
  (double('-Infinity')),
  (cast(null as double))
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
