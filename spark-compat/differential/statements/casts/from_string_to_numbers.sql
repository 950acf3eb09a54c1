-- Strings as numbers: white space, signs, points, exponents, suffixes, overflow and nonsense.
create temporary view plain as select * from values
  ('0'),
  ('1'),
  ('-1'),
  ('+1'),
  (' 42 '),
  ('\t7\n'),
  ('1.9'),
  ('-0.99'),
  ('.5'),
  ('5.'),
  ('.'),
  (''),
  (' '),
  ('-'),
  ('1e3'),
  ('1E-2'),
  ('128'),
  ('-129'),
  ('32768')
as t(a);
create temporary view odd as select * from values
  ('2147483648'),
  ('9223372036854775808'),
  ('1L'),
  ('1D'),
  ('1f'),
  ('0x1F'),
  ('NaN'),
  ('nan'),
  ('Infinity'),
  ('-inf'),
  ('+Infinity'),
  ('1_000'),
  ('1,000'),
  ('١'),
  ('1 2'),
  ('abc'),
  ('true'),
  (cast(null as string))
as t(a);
select a, cast(a as tinyint) b from plain;
select a, cast(a as tinyint) b from odd;
select a, cast(a as smallint) b from plain;
select a, cast(a as smallint) b from odd;
select a, cast(a as int) b from plain;
select a, cast(a as int) b from odd;
select a, cast(a as bigint) b from plain;
select a, cast(a as bigint) b from odd;
select a, cast(a as float) b from plain;
select a, cast(a as float) b from odd;
select a, cast(a as double) b from plain;
select a, cast(a as double) b from odd;
select a, cast(a as decimal(10,0)) b from plain;
select a, cast(a as decimal(10,0)) b from odd;
select a, cast(a as decimal(5,2)) b from plain;
select a, cast(a as decimal(5,2)) b from odd;
select a, cast(a as decimal(38,18)) b from plain;
select a, cast(a as decimal(38,18)) b from odd;
