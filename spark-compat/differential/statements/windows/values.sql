-- Values of window functions over a table with ties, NULLs and edge values.
create temporary view t as select * from values
  (1, 'x', 10, 1.5D, date '2020-01-01', timestamp '2020-01-01 00:00:00', 1.10),
  (2, 'x', 20, double('NaN'), date '2020-01-02', timestamp '2020-01-01 01:00:00', 2.20),
  (3, 'x', 20, 0.0D, date '2020-01-04', timestamp '2020-01-01 03:30:00', 3.30),
  (4, 'x', null, -0.0D, null, null, null),
  (5, 'y', 5, double('Infinity'), date '2019-12-31', timestamp '2019-12-31 23:00:00', 99999.99),
  (6, 'y', 7, 1.0D, date '2020-01-05', timestamp '2020-01-02 00:00:00', -1.00),
  (7, 'y', 7, null, date '2020-01-06', timestamp '2020-01-02 00:30:00', 0.00),
  (8, null, 1, 2.5D, date '2020-02-01', timestamp '2020-02-01 00:00:00', 5.55),
  (9, null, 2147483647, -1.0D, date '2020-02-02', timestamp '2020-02-01 00:00:01', 5.55)
  as t(id, k, n, f, d, ts, m);
select id, row_number() over (partition by k order by n, id) from t;
select id, rank() over (partition by k order by n), dense_rank() over (partition by k order by n) from t;
select id, rank() over (order by n desc), dense_rank() over (order by n desc nulls first) from t;
select id, percent_rank() over (partition by k order by n), cume_dist() over (partition by k order by n) from t;
select id, percent_rank() over (order by f), cume_dist() over (order by f desc) from t;
select id, ntile(2) over (order by id), ntile(4) over (order by id), ntile(20) over (order by id), ntile() over (order by id) from t;
select id, ntile(3) over (partition by k order by id desc) from t;
select id, lag(n) over (order by id), lead(n) over (order by id), lag(n, 2) over (order by id), lead(n, 2, -1) over (order by id), lag(n, 0) over (order by id) from t;
select id, lag(n, 1, id) over (partition by k order by id), lead(k, 1, 'none') over (order by id) from t;
select id, lag(n) ignore nulls over (order by id), lead(n) ignore nulls over (order by id), lag(n, 2) ignore nulls over (order by id) from t;
select id, lead(m, 1, 7) over (order by id), lag(d, 1, date '1999-01-01') over (order by id) from t;
select id, nth_value(n, 2) over (partition by k order by id), nth_value(n, 1) over (partition by k order by n) from t;
select id, nth_value(n, 2) ignore nulls over (order by id rows between unbounded preceding and unbounded following) from t;
select id, nth_value(id, 2) over (order by id rows between 1 preceding and 1 following) from t;
select id, sum(n) over (partition by k) from t;
select id, sum(n) over (order by id) from t;
select id, sum(n) over (partition by k order by n) from t;
select id, count(*) over (partition by k), count(n) over (partition by k order by id) from t;
select id, avg(n) over (partition by k order by id), min(n) over (order by id), max(n) over (order by id desc) from t;
select id, sum(f) over (order by id) from t;
select id, sum(f) over (order by id rows between 1 preceding and current row) from t;
select id, sum(f) over (order by id rows between 1 preceding and 1 following), max(f) over (order by id rows between 1 preceding and 1 following), min(f) over (order by id rows between 1 preceding and 1 following) from t;
select id, avg(f) over (order by id rows between 2 preceding and 1 preceding), count(f) over (order by id rows between 2 preceding and 1 preceding) from t;
select id, sum(n) over (order by id rows between 2 following and 3 following), count(*) over (order by id rows between 2 following and 3 following) from t;
select id, sum(n) over (order by id rows between current row and unbounded following), min(n) over (partition by k order by id rows between current row and 1 following) from t;
select id, sum(m) over (order by id), sum(m) over (order by id rows between 1 preceding and current row), avg(m) over (partition by k) from t;
select id, max(m) over (order by id rows between 1 preceding and 1 following), min(m) over (order by id rows 2 preceding) from t;
select id, sum(id) over (order by n range between 5 preceding and 5 following) from t;
select id, sum(id) over (order by n desc range between 5 preceding and 5 following) from t;
select id, sum(id) over (partition by k order by n range between 2 preceding and current row) from t;
select id, sum(id) over (order by n nulls last range between current row and 3 following) from t;
select id, count(*) over (order by n range between unbounded preceding and 3 following), count(*) over (order by n range between 3 preceding and unbounded following) from t;
select id, sum(id) over (order by d range between 1 preceding and 1 following) from t;
select id, sum(id) over (order by d desc range between 2 preceding and current row) from t;
select id, sum(id) over (order by ts range between interval 1 hour preceding and current row) from t;
select id, sum(id) over (order by ts range between interval '1' day preceding and interval '1' day following) from t;
select id, sum(id) over (order by m range between 1 preceding and 1 following) from t;
select id, sum(id) over (order by m range between 1.5 preceding and current row) from t;
select id, count(*) over (order by f range between 1 preceding and 1 following) from t where not isnan(f) and f < 100;
select id, count(*) over (order by f) from t;
select id, sum(id) over (partition by f) from t;
select id, rank() over (partition by n > 5 order by f desc) from t;
select k, sum(n), sum(sum(n)) over (order by k), rank() over (order by sum(n) desc) from t group by k;
select k, count(*) c, max(count(*)) over () mc, count(*) / sum(count(*)) over () share from t group by k order by share;
select k, n, sum(sum(id)) over (partition by k order by n rows unbounded preceding) from t group by k, n;
select k, rank() over (order by k) r from t group by k having count(*) > 2;
select k, avg(sum(n)) over (partition by k is null) from t group by k;
select id, n - lag(n) over (order by id) as diff, case when n > avg(n) over (partition by k) then 'above' else 'below' end from t;
select * from (select id, k, row_number() over (partition by k order by n desc, id) rn from t) where rn <= 2;
select id, sum(n) over w, avg(n) over w, row_number() over (partition by k order by id) from t window w as (partition by k order by id);
select id, sum(n) over w1, sum(n) over w2 from t window w1 as (order by id), w2 as (partition by k order by id rows between 1 preceding and current row);
select id, sum(sum(n) over (partition by k)) over (order by id) from t;
select distinct k, count(*) over (partition by k) from t;
select id, sum(n) over (order by id) s from t order by s desc, id limit 3;
select id, sum(n) over (order by id) s from t order by 2 desc nulls last, 1 limit 3;
select id, sum(n) over (order by id) from t order by sum(n) over (order by id);
select id from t order by row_number() over (order by id desc);
select id, count(*) over (partition by k order by n, id) c1, count(*) over (partition by k order by id) c2, count(*) over (order by id) c3, count(*) over () c4 from t;
select id, min(k) over (order by id rows between 1 preceding and 1 following), max(d) over (order by id rows between 2 preceding and 1 preceding) from t;
select id, max(ts) over (partition by k), min(ts) over (partition by k order by id) from t;
select id, row_number() over (order by length(k), id), sum(length(k)) over (partition by length(k)) from t;
select id, sum(cast(n as bigint)) over (order by id), sum(n + 1) over (order by id), sum(n * 1.0) over (order by id rows 1 preceding) from t;
select a.id, count(b.id) over (partition by a.k order by a.id) from t a join t b on a.id = b.id;
select id, (select max(id) from t) - max(id) over (partition by k) from t;
select id, lag(id) over (order by id) + lead(id) over (order by id) from t where k = 'x';
select id, exists (select 1 from t x where x.id = t.id + 1) from t where id in (select rn from (select row_number() over (order by n) rn from t));
select id, sum(n) over (order by id rows between unbounded preceding and 1 preceding) from t;
select id, sum(n) over (order by id rows between 1 following and unbounded following) from t;
select id, avg(m) over (order by id rows between 1 preceding and 1 following) from t;
select id, sum(n) over (partition by k order by n rows between 1 preceding and unbounded preceding) from t;
select id, sum(n) over (partition by k order by n rows between unbounded following and current row) from t;
select id, row_number() over w from t window w as (order by id), w as (order by n);
select id, row_number() over (order by (select 1), id) from t;
select count(*) over (partition by 1), row_number() over (order by 'a', id) from t;
select k, first_value(n) over (partition by k order by id), last_value(n) over (partition by k order by id) from t;
select id, bool_or(n > 10) over (partition by k order by id) from t;
select max(id) over (order by id), id as id2 from t union all select min(id) over (), 0 from t;
with w as (select id, row_number() over (partition by k order by id desc) rn from t) select a.id, b.id from w a join w b on a.rn = b.rn and a.id < b.id;
