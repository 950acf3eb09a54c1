-- ORDER BY: NULLs, positions, aliases, columns that are not in the list.
select a from values (1), (null), (2) t(a) order by a
select a from values (1), (null), (2) t(a) order by a desc
select a from values (1), (null), (2) t(a) order by a nulls last
select a from values (1), (null), (2) t(a) order by a desc nulls first
select a from values (double('NaN')), (1.0D), (null), (double('-Infinity')) t(a) order by a
select a from values (double('NaN')), (1.0D), (null) t(a) order by a desc
select a, b from values (0.0D, 2), (-0.0D, 1), (0.0D, 0) t(a, b) order by a, b
select a, b from values (1, 'x'), (2, 'y') t(a, b) order by 2 desc
select a from values (1) t(a) order by 2
select a as b, -a as a from values (1, 10), (2, 20) t(a, b) order by a
select a as b, -a as a from values (1, 10), (2, 20) t(a, b) order by a + 1
select a from values (1, 10), (2, 5) t(a, b) order by b
select a from values (1, 10), (2, 5) t(a, b) order by a + b
select t.a as x from values (1, 10), (2, 20) t(a, b) order by t.a desc
select distinct a from values (1, 10), (2, 20) t(a, b) order by b
select distinct a from values (1, 10), (2, 20) t(a, b) order by a + 1
select distinct a + 1 from values (1, 10), (2, 20) t(a, b) order by a + 1
select distinct a from values (2), (1), (2) t(a) order by 1
select a, b from values ('b', 1), ('a', 1), ('A', 1), ('é', 1), ('', 1) t(a, b) order by a
select a from values (1), (2) t(a) order by (select max(b) from values (1, 2) u(a, b)), a desc
select a from values (true), (false), (null) t(a) order by a
select a from values (1), (2), (3) t(a) sort by a desc
select a from values (1), (2) t(a) order by count(*)
