-- Strings as booleans: Spark's words and no others.
create temporary view t as select * from values
  ('true'),
  ('TRUE'),
  ('t'),
  ('T'),
  ('yes'),
  ('y'),
  ('Y'),
  ('1'),
  (' true '),
  ('\ttrue'),
  ('false'),
  ('f'),
  ('F'),
  ('no'),
  ('n'),
  ('0'),
  ('on'),
  ('off'),
  ('ja'),
  ('tr'),
  ('2'),
  ('00'),
  (''),
  (cast(null as string))
as t(a);
select a, cast(a as boolean) b from t;
