-- Names of columns, stars, SELECT without FROM, VALUES, LIMIT, WITH.
select a, b from values (1, 2) t(a, b)
select t.a, t.A, `a`, `t`.`a` from values (1) t(a)
select a a1, a as `x y`, a + 1 as c from values (1) t(a)
select 1 as a, 2 as a
select A from (select 1 as a)
select *, a from values (1, 2) t(a, b)
select t.*, a from values (1, 2) t(a, b)
select z.* from values (1, 2) t(a, b)
select zz from values (1, 2) t(a, b)
select t.zz from values (1, 2) t(a, b)
select a + b as c, c from values (1, 10) t(a, b)
select a from (select 1 a, 2 a)
select * from (select 1 a, 1 a)
select 1 between 0 and 2, 1 not between 0 and 2, 1 in (1, 2), 1 not in (1, 2), not true, 1 is null, 1 is not null
select 'a' like 'b', 'a' not like 'b', 'ab' like 'a%', 'a%' like 'a#%' escape '#', 1 like 1
select -a, +a, - 1, -1, -(a), ((a)) from values (1) t(a)
select case 1 when 1 then 'a' else 'b' end, case when true then 1 end, case when a > 1 then 'x' when a = 1 then 'y' end from values (1) t(a)
select 'a' is distinct from 'b', 'a' is not distinct from 'b', true is true, true is not true, null is unknown, null is not unknown
select 1 == 1, 1 <=> 1, 1 != 2, 1 <> 2, not(1 = 2), !true
select true and null, null or false, not null, true and true and false, true or false or true
select true and 'x'
select cast(a as string), cast(a as decimal(10,2)), cast(null as date) from values (1) t(a)
select a from values (1) t(a) where a
select a from values (1) t(a) where 'true'
select a from values (1), (2), (null) t(a) where null
select col1 from values (1, 'a'), (2.5, null)
select * from (values (1, 2), (3, 4)) as t
select * from values (1), (2) limit 1
select a from values (1), (2), (3) t(a) order by a limit 2
select 1 limit 0
select 1 limit 1 + 1
select 1 limit 'a'
select 1 limit null
select 1 limit -1
select * from values (1), (2) t(a) limit all
with c as (select 1 a), d as (select a + 1 b from c) select * from c, d
with c as (select 1 a) select * from (with c as (select 2 a) select * from c)
with c(x, y) as (select 1, 2) select x, y from c
with c(x) as (select 1, 2) select * from c
with c as (select 1 a), c as (select 2 b) select * from c
select x.a from (select t.a from values (1, 10) t(a, b)) x order by x.a
select * from nosuch
select nosuch(1)
select upper(), upper('a', 'b')
