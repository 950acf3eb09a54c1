-- Windows, DISTINCT and subqueries over GROUPING SETS.

select a, sum(sum(c)) over (partition by grouping(a)), rank() over (partition by grouping(a) order by sum(c) desc) from values (1,'x',10),(3,'y',4) t(a,b,c) group by rollup(a);
select a, b, sum(c) s, grouping_id() g, rank() over (partition by grouping_id() order by sum(c) desc) r from values (1,'x',10),(1,'y',20),(2,'x',30) t(a,b,c) group by cube(a, b) order by g, r, a, b;
select a, b, count(distinct c) n, sum(count(distinct c)) over (order by grouping_id(), a, b) t from values (1,'x',10),(1,'y',20),(2,'x',20) t(a,b,c) group by rollup(a, b) order by 4, 1, 2;
select a, s, s / sum(s) over (partition by g) p from (select a, sum(c) s, grouping(a) g from values (1,'x',10),(1,'y',20),(2,'x',30) t(a,b,c) group by rollup(a)) order by g, a;
select a, sum(c) from values (1,'x',10),(1,'y',20),(2,'x',30) t(a,b,c) group by rollup(a) having sum(c) > (select 25) order by a;
select a, sum(c) s from values (1,'x',10),(1,'y',20),(2,'x',30) t(a,b,c) group by rollup(a) having a in (select 1) or grouping(a) = 1 order by s;
select b, count(*) n from (select a, b, sum(c) from values (1,'x',10),(1,'y',20),(2,'x',30) t(a,b,c) group by cube(a, b)) group by b order by b, n;
select a, max(b) from values (1,'x',10),(1,'y',20),(2,'x',30) t(a,b,c) group by rollup(a) union all select a, b from values (9,'z') u(a,b) order by a, 2;
select a, sum(c) from values (1,'x',10),(1,'y',20),(2,'x',30) t(a,b,c) group by a having sum(c);
select a, count(*) from values (1,'x',10),(1,'y',20),(2,'x',30) t(a,b,c) group by a having a - 1;
select a, count(*) from values (1,'x',10),(1,'y',20) t(a,b,c) group by a having 'true';
select a, count(*) from values (1,'x',10),(1,'y',20) t(a,b,c) group by a having null;
select a, count(*) from values (1,'x',10),(1,'y',20) t(a,b,c) group by a having date'2020-01-01';
with c as (select 1 x) select (with c as (select 2 x) select x from c) y, x from c;
with c as (select 1 x) select x from c where x in (with d as (select 1 x) select x from d);
