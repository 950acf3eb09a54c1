-- What Spark 3.2.0 answers because its optimizer slips, and later versions answer otherwise. Found by the fuzzer.
CREATE TEMPORARY VIEW t AS SELECT id AS k, id > 3 AS f FROM range(2);
CREATE TEMPORARY VIEW u AS SELECT id AS k, id AS v FROM range(1, 3);

-- A CASE without ELSE over constants is never null: IS NULL is pushed into its branches, and the missing one is forgotten.
SELECT k FROM t WHERE (CASE WHEN f THEN 1 END) IS NULL ORDER BY k;
SELECT k, (CASE WHEN f THEN 'a' WHEN k = 1 THEN 'b' END) IS NOT NULL FROM t ORDER BY k;
SELECT k, (CASE WHEN f THEN true END) IS NOT TRUE FROM t ORDER BY k;
SELECT k FROM t WHERE if(f, 1, null) IS NULL ORDER BY k;
-- A count of nothing is NULL where the optimizer sees that it counts nothing.
SELECT k, (SELECT count(v) FROM u WHERE u.k = t.k AND cast(false AS boolean)) FROM t ORDER BY k;
SELECT k, (SELECT count_if(cast(null AS boolean)) FROM u WHERE u.k = t.k) FROM t ORDER BY k;
SELECT k, (SELECT count(v) FROM u WHERE u.k = t.k) FROM t ORDER BY k;
-- Functions that stand for other expressions are not replaced beside a column of the query around.
SELECT k FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.k = t.k AND nvl(t.f, true)) ORDER BY k;
SELECT k FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.k = t.k AND coalesce(NOT t.f, true)) ORDER BY k;
SELECT k FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.k = t.k AND nullif(t.f, cast(null AS boolean))) ORDER BY k;
SELECT k FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.k = t.k AND boolean(right('', int(t.k)))) ORDER BY k;
