-- GROUP BY, aggregate functions, HAVING.
select a, sum(b) from values (1, 2), (1, 3), (2, null) t(a, b) group by a
select a as x, count(*) from values (1, 10), (2, 20) t(a, b) group by x
select -a as a, count(*) from values (1, 10), (2, 20), (-2, 3) t(a, b) group by a
select a + 1 as b, count(*) from values (1, 10), (2, 20), (2, 21) t(a, b) group by b
select a, b from values (1, 10), (2, 20) t(a, b) group by 1, 2 order by 2 desc
select a b, b a from values (1, 10), (2, 20) t(a, b) group by 1, 2
select a, b from values (1, 10), (2, 20) t(a, b) group by a
select a, sum(b) from values (1, 10) t(a, b) group by 2
select a from values (1) t(a) group by 2
select * from values (1, 10), (2, 20) t(a, b) group by 1, 2
select * from values (1, 10), (2, 20) t(a, b) group by a, b
select a + 1, count(1), sum(a) from values (1) t(a) group by a
select 1 + a, sum(b) from values (1, 10), (2, 20) t(a, b) group by a + 1
select a + 1.5, sum(b) from values (1, 10), (2, 20) t(a, b) group by a
select a + 1, sum(b) from values (1, 10), (2, 20) t(a, b) group by a + 1 order by a + 1
select a from values (1), (null), (null) t(a) group by a
select a, count(*) from values (0.0D), (-0.0D), (double('NaN')), (double('NaN')) t(a) group by a
select distinct a from values (0.0D), (-0.0D), (double('NaN')), (double('NaN')), (null), (null) t(a)
select count(*), count(1), count(a), count(null) from values (1), (null) t(a)
select count(distinct a), sum(distinct a), count(a) from values (1), (1), (2), (null) t(a)
select count(a, b), count(distinct a, b) from values (1, 2), (1, 2), (null, 1), (3, null), (3, 4) t(a, b)
select min(a), max(a), sum(a), avg(a) from values (1), (2), (null) t(a)
select min(a), max(a) from values ('a'), ('b') t(a)
select sum(a) filter (where a > 1), count(*) filter (where a = 1) from values (1), (2), (3) t(a)
select count(*), sum(a), min(a), avg(a) from values (1) t(a) where false
select a, count(*) from values (1), (2) t(a) where false group by a
select 1, count(*) from values (1), (2) t(a) where false
select max(a) + 1, a from values (1), (2) t(a)
select sum(sum(a)) from values (1) t(a)
select a from values (1) t(a) where sum(a) > 1
select sum(a) + sum(a), sum(a) from values (1), (2) t(a)
select a, sum(b) from values (1, 2), (1, 3), (2, 1) t(a, b) group by a having sum(b) > 1
select a as b, sum(b) as s from values (1, 10), (2, 20) t(a, b) group by a having sum(b) > 5
select a as b, sum(b) as s from values (1, 10), (2, 20) t(a, b) group by a having b > 1
select -a as a, count(*) from values (1, 10), (2, 20), (-2, 3) t(a, b) group by a having a > 1
select -b as a, count(*) from values (1, 10), (2, 20), (-2, 3) t(a, b) group by b having a < -5
select a, sum(b) as b from values (1, 10), (2, 20), (-2, 3) t(a, b) group by a having sum(b) > 15 and b > 15
select a, sum(b) as s from values (1, 10), (2, 20), (-2, 3) t(a, b) group by a having s + a > 15
select a, sum(b) from values (1, 10), (2, 20) t(a, b) group by a, b having b > 10
select 1 having 1 > 0
select count(*) from values (1) t(a) having count(*) > 1
select a from values (1), (2) t(a) having a > 1
select t.a as x from values (1, 10), (2, 20) t(a, b) group by t.a order by t.a
select a from values (1, 10), (2, 20) t(a, b) group by a order by max(b) desc
select a, sum(b) as s from values (1, 10), (2, 20), (-2, 3) t(a, b) group by a order by s + a
select a, sum(b) as a2 from values (1, 10), (2, 20), (-2, 3) t(a, b) group by a order by -sum(b), a2
select a, sum(b) from values (1, 10), (2, 20) t(a, b) group by a order by b
select a, a, count(*), count(*) from values (1), (2) t(a) group by a, a
select upper(a), count(*) from values ('x'), ('X') t(a) group by upper(a)
select case when a > 1 then 'big' else 'small' end, count(*) from values (1), (2), (3) t(a) group by case when a > 1 then 'big' else 'small' end
select distinct a, b from values (1, 2), (1, 2), (1, null), (1, null) t(a, b)
select sum(a), avg(a), min(a), max(a), count(a) from values (cast(1.25 as decimal(15,2))), (2.75), (null) t(a)
select avg(a) from values (1), (2), (2) t(a)
select avg(distinct a), sum(distinct a), count(distinct a) from values (1.5), (1.5), (2.0), (null) t(a)
select a % 2 as r, sum(a) as s from values (1), (2), (3), (4) t(a) group by a % 2 order by r desc
select a, b, count(*) from values (1, null), (1, null), (null, 1) t(a, b) group by b, a
select count(*) from (select a from values (1), (1), (2) t(a) group by a) x
select max(s) from (select a, sum(b) s from values (1, 2), (1, 3), (2, 4) t(a, b) group by a) x
select a, sum(b) / count(*) from values (1, 2), (1, 3) t(a, b) group by a
select sum(a) from values (cast(99999999999999999999999999999999999999 as decimal(38,0))), (1) t(a)
select sum(a) from values (2147483647), (1) t(a)
select min(a), max(a) from values (double('NaN')), (1.0D), (double('-Infinity')) t(a)
select distinct a + 1 as b, a from values (1), (1), (2) t(a) order by b desc, a
select a, a + sum(b) from values (1, 2), (1, 3), (2, 4) t(a, b) group by a
select (a + b) * 2, count(*) from values (1, 2), (2, 1) t(a, b) group by a + b
select b + a, count(*) from values (1, 2), (2, 1) t(a, b) group by a + b
select coalesce(a, 0), count(*) from values (1), (null) t(a) group by coalesce(a, 0)
select count(distinct a, b), count(distinct b) from values (1, 'x'), (1, 'y'), (2, 'x'), (1, 'x') t(a, b)
