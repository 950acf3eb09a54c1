-- Strings as dates: missing parts, one-digit parts, what may follow, years outside of four digits, days that aren't.
create temporary view plain as select * from values
  ('2020'),
  ('2020-2'),
  ('2020-02'),
  ('2020-2-9'),
  ('2020-02-29'),
  ('2021-02-29'),
  (' 2020-01-01 '),
  ('2020-01-01T'),
  ('2020-01-01 10:00'),
  ('2020-01-01T10:00:00Z'),
  ('2020-01-01x'),
  ('2020-1-1 '),
  ('20200101'),
  ('2020/01/01'),
  ('0000-01-01'),
  ('0001-01-01'),
  ('-0001-01-01')
as t(a);
create temporary view odd as select * from values
  ('+2020-01-01'),
  ('10000-01-01'),
  ('99999-12-31'),
  ('12345678-01-01'),
  ('1582-10-10'),
  ('2020-13-01'),
  ('2020-00-01'),
  ('2020-01-32'),
  ('2020-001-01'),
  ('20-01-01'),
  ('epoch'),
  ('yesterday x'),
  (''),
  ('-'),
  (cast(null as string))
as t(a);
select a, cast(a as date) b from plain;
select a, cast(a as date) b from odd;
