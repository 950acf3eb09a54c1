-- Numbers in GROUP BY and ORDER BY as constants, and no aliases in GROUP BY.
--SET spark.sql.groupByOrdinal=false
--SET spark.sql.orderByOrdinal=false
--SET spark.sql.groupByAliases=false
create temporary view t as select * from values (1, 'x'), (2, 'x'), (2, 'y') as t(a, b);
select count(*) from t group by 1;
select a, count(*) from t group by 1;
select count(*), 'c' from t group by 2, 'z';
select b as k, count(*) from t group by k;
select b as a, sum(a) s from t group by b order by s;
select a as k, count(*) from t group by a;
select sum(a) as k from t group by k;
select a, b from t order by 1;
select b, sum(a) s from t group by b order by 2, b;
select a from t group by a order by 1, a desc;
select a, sum(count(*)) over (order by a) from t group by a, 1;
select a + 1 as k from t group by a + 1 having k > 2;
