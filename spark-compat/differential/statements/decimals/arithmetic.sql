-- Decimal arithmetic: the precision and scale of every result, rounding, and NULL where the digits don't fit.
create temporary view d as select cast(a as decimal(10,2)) a, cast(b as decimal(5,3)) b, cast(c as decimal(38,0)) c, cast(e as decimal(38,18)) e from values
  ('1.50', '2.125', '3', '1.000000000000000001'),
  ('-99999999.99', '-99.999', '99999999999999999999999999999999999999', '99999999999999999999.999999999999999999'),
  ('0.00', '0.000', '0', '0'),
  ('12345678.90', '0.001', '-10000000000000000000000000000000000000', '-0.000000000000000001'),
  (null, '1', null, null) t(a, b, c, e);
select a + b, a - b, a * b, a / b, a % b, pmod(a, b), a div b from d;
select a + a, a - a, a * a, a / a, a % a from d;
select b + b, b * b, b / b, b - b from d;
select c + c from d;
select c - c, c * 1, c / c from d;
select c * c from d;
select c * 10, c + 1, c - 1 from d;
select e + e, e - e from d;
select e * e from d;
select e / e, e % e from d;
select c + e from d;
select c * e from d;
select c / e from d;
select e / c from d;
select a + c, a * c, a / c, a % c from d;
select a + e, a * e, a / e, a % e from d;
select a + 1, a * 2, a / 3, a % 2, 1 - a, 10 / a from d;
select a + 1L, a * 2L, a / 3L, a % 7L from d;
select a + 1Y, a * 2S, a / 3Y, a % 7S from d;
select a + 1.5, a * 0.001, a / 0.3, a % 0.7 from d;
select a + 1.5D, a * 2F, a / 3D, a % 2D from d;
select a + '1.5', a * '2', a / 'x', a % '3' from d;
select -a, abs(a), +a, -c, abs(e), negative(b) from d;
select a / 0, a % 0, a div 0, pmod(a, 0), a / cast(0 as decimal(5,2)) from d;
select round(a, 1), round(a), floor(a), ceil(a), bround(b, 1), round(e, 5) from d;
select round(a, -2) from d;
select sum(a), avg(a), min(a), max(a), count(a) from d;
select sum(b), avg(b), sum(b * b), avg(b + 1) from d;
select sum(c), avg(c) from d where c > 0;
select sum(c) from values (cast('99999999999999999999999999999999999999' as decimal(38,0))), (1) t(c);
select sum(e), avg(e) from d;
select sum(distinct a), avg(distinct b) from d;
select a = b, a < b, a <=> b, a = 1.5, b in (2.125, 0), c > 1e37D, e between 0 and 2 from d;
select a from d where a > b order by a;
select coalesce(a, b), if(a > 0, a, c), case when b > 1 then b else a end, nvl(a, 1.23456), greatest(a, b), least(a, b) from d;
select cast(a as int), cast(a as decimal(9,1)), cast(c as bigint), cast(e as decimal(20,18)), cast(c as decimal(37,0)) from d;
select cast(a as double), cast(b as float), cast(e as double), cast(c as string), cast(b as string) from d;
select typeof(a + b), typeof(a - b), typeof(a * b), typeof(a / b), typeof(a % b), typeof(pmod(a, b)), typeof(a div b) from d limit 1;
select typeof(c + c), typeof(c * c), typeof(c / c), typeof(c % c), typeof(e + e), typeof(e * e), typeof(e / e) from d limit 1;
select typeof(c + e), typeof(c * e), typeof(c / e), typeof(e / c), typeof(a * c), typeof(a / c) from d limit 1;
select typeof(a + 1), typeof(a + 1L), typeof(a + 1Y), typeof(a + 1S), typeof(a + 1F), typeof(a + 1D), typeof(a + '1') from d limit 1;
select typeof(sum(a)), typeof(avg(a)), typeof(sum(c)), typeof(avg(c)), typeof(sum(e)), typeof(avg(e)), typeof(min(b)) from d;
select typeof(round(a, 1)), typeof(round(a, 5)), typeof(ceil(a)), typeof(floor(e)), typeof(-a), typeof(abs(a)) from d limit 1;
