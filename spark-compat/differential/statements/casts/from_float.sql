-- Single precision: NaN and infinities, truncation, saturation and Java's text.
create temporary view t as select * from values
  (0.0F),
  (-0.0F),
  (1.5F),
  (-2.5F),
  (0.1F),
  (16777216.0F),
  (1.0E10F),
  (float('3.4028235E38')),
  (float('1.4E-45')),
  (float('NaN')),
  (float('Infinity')),
  (float('-Infinity')),
  (cast(null as float))
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
