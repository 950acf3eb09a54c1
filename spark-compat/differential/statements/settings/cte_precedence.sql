-- WITH queries that hide others of the same name.
--SET spark.sql.legacy.ctePrecedencePolicy=CORRECTED
with t as (select 1 a), q as (with t as (select 2 a) select * from t) select * from q;
with t as (select 1 a), q as (with t as (select 2 a) select * from t) select q.a, t.a from q, t;
with t as (select 1 a) select (with t as (select 2 a) select max(a) from t), a from t;
with t as (select 1 a) select * from (with t as (select 2 a) select * from t), t;
with t as (select 1 a), q as (with t as (select a + 1 a from t) select * from t) select * from q;
with t as (select 1 a) select a from t where a in (with t as (select 1 b) select b from t);
with t as (with t as (select 5 a) select a * 2 a from t) select * from t;
with t as (select 1 a) select * from (with t as (select * from t) select * from t);
with t as (select 1 a) select (with t as (select * from t) select a from t);
with t as (select 1 a) select * from t where a in (with t as (select * from t) select a from t);
with t as (select 1 a), q as (with u as (select a + 1 a from t) select * from u) select * from q;
with t as (select 1 a) select * from (with t as (select 2 a), u as (select * from t) select * from u);
