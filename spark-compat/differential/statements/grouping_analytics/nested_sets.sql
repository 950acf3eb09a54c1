-- GROUPING SETS, ROLLUP and CUBE inside GROUPING SETS.
select a, b, count(*) from values (1,'x',10),(2,'x',20) t(a,b,c) group by grouping sets (grouping sets ((a), (b)), (a, b));
select a, b, sum(c) s from values (1,'x',10),(2,'x',20) t(a,b,c) group by grouping sets (grouping sets (a, b), ());
select a, b, sum(c) s from values (1,'x',10),(2,'x',20) t(a,b,c) group by grouping sets (grouping sets (rollup (a, b)), grouping sets ((b), grouping sets ((a))));
select a, b, sum(c) s, grouping_id(a, b) g from values (1,'x',10),(2,'x',20) t(a,b,c) group by grouping sets (rollup (a, b), cube (a, b));
select a, b, sum(c) s from values (1,'x',10),(2,'x',20) t(a,b,c) group by a, grouping sets (grouping sets ((b), ()));
select a, b, sum(c) s from values (1,'x',10),(2,'x',20) t(a,b,c) group by a, b grouping sets ((a), grouping sets ((b)));
select a, b, sum(c) s from values (1,'x',10),(2,'x',20) t(a,b,c) group by a, b grouping sets (rollup (a, b));
select a, sum(c) s from values (1,'x',10),(2,'x',20) t(a,b,c) group by grouping sets (a, (grouping sets ((a))));
