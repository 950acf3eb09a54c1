-- UNION, INTERSECT, EXCEPT and the types in which both sides meet.
select a from values (1), (2) t(a) union all select 3
select a from values (1), (1) t(a) union select 1
select a from values (1) t(a) union select 1.5
select 1 a union all select 'x'
select a as x from values (1), (2) t(a) union all select 3 order by x desc
select a as x from values (1), (2) t(a) union all select 3 order by a desc
select a as x from values (1), (2) t(a) union all select 3 order by 1 desc limit 2
select t.a from values (1), (2) t(a) union all select 3 order by t.a
select 1 as a, 'x' as b union all select 'y', 2
select date '2020-01-01' as a union all select '2020'
select date '2020-01-01' as a union all select 1
select 1 as a union all select true
select 1, 2 union all select 3
select 1 as a, 2 as a union all select 3, 4
select null as a union all select 1
select 1 as a union all select 2L union all select 3.5
select a from values (1), (1), (2) t(a) intersect select 1
select a from values (1), (null), (null) t(a) intersect select null
select a from values (1), (1), (null), (2) t(a) except select null
select a from values (1), (2) t(a) minus select 1
select a from values (1), (2), (3) t(a) except select 1 intersect select a from values (1), (2) t(a)
select a from values (0.0D), (double('NaN')) t(a) intersect select b from values (-0.0D), (double('NaN')) u(b)
select a from values (1) t(a) union all (select b from values (2), (3) u(b) order by b limit 1)
(select 1 as a) union all (select 2) order by a desc
select * from (select 1 as a union all select 2L) u where a > 1
