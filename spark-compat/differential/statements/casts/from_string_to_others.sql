-- Strings as binary, and as themselves.
create temporary view t as select * from values
  (''),
  ('a'),
  ('é'),
  ('日本'),
  ('😀'),
  ('\u0000x'),
  (cast(null as string))
as t(a);
select a, cast(a as binary) b from t;
select a, cast(a as string) b from t;
select a, cast(a as varchar(2)) b from t;
select a, cast(a as char(3)) b from t;
select a, cast(a as array<int>) b from t;
select a, cast(a as struct<a:int>) b from t;
