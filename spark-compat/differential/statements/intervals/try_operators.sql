-- try_add and try_divide of dates and intervals are NULL where the operators fail, row by row.
CREATE TEMPORARY VIEW t AS SELECT id, make_ym_interval(int(178956970 * id), 7) AS m, make_dt_interval(int(106751991 * id)) AS d, int(id) - 1 AS n FROM range(2);

SELECT try_divide(interval '1' day, 0), try_divide(interval '1' month, 0), try_divide(make_interval(1), 0);
SELECT try_divide(interval '1' day, 0.0), try_divide(interval '1' month, 0D), try_divide(interval '1' day, '0');
SELECT try_divide(interval '5' day, 2), try_divide(interval '5' month, 2), try_divide(make_interval(5), 2);
SELECT try_divide(interval '178956970-7' year to month, 0.5), try_divide(interval '106751991 04:00:54.775807' day to second, 0.5);
SELECT try_divide(interval '178956970-7' year to month, -0.5D), try_divide(interval '2' day, double('NaN'));
SELECT id, try_divide(m, n), try_divide(d, n), try_divide(m, n + 0.5), try_divide(d, n * 1D) FROM t ORDER BY id;
SELECT id, try_divide(m, null), try_divide(null, n) FROM t ORDER BY id;
SELECT id, try_add(m, m), try_add(d, d), try_add(m, interval '1' month) FROM t ORDER BY id;
SELECT try_add(interval '178956970-7' year to month, interval '1' month), try_add(date'2020-01-01', 1), try_add(1, date'2020-01-01');
SELECT try_add(date'2020-01-31', interval '1' month), try_add(timestamp'2020-01-01', interval '1' second);
SELECT id, try_add(timestamp'294247-01-10', d), try_add(date'5881580-07-11', m) FROM t ORDER BY id;
SELECT try_add(timestamp'2020-01-01', make_interval(0, 1)), try_add(make_interval(1), make_interval(1));
SELECT try_add(make_interval(178956970), make_interval(1));
SELECT try_divide(interval '1' day, interval '1' day);
SELECT try_divide(1, interval '1' day);
SELECT m / 0 FROM t;
SELECT try_add(i, i), try_add(i, make_interval(0, 0, 0, 1)), i + i FROM VALUES (make_interval(178956970)), (make_interval(1)), (null), (make_interval(0, 0, 0, 2147483647)) AS v(i);
SELECT try_add(i, i) FROM VALUES (make_interval(0, 0, 0, 0, 0, 90, 0)), (make_interval(0, 0, 0, 0, 0, 0, -1.5)) AS v(i);
