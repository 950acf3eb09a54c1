-- Values of IN that the optimizer computes, and values that can't be compared.
CREATE TEMPORARY VIEW t AS SELECT id AS a, if(id = 1, null, id) AS n FROM range(3);
CREATE TEMPORARY VIEW u AS SELECT id AS b, map(id, id) AS m FROM range(2);

SELECT a FROM t WHERE (cast(null AS bigint) | a) NOT IN (SELECT b FROM u);
SELECT a FROM t WHERE (cast(null AS bigint) | a) NOT IN (SELECT b FROM u WHERE b > 7);
SELECT a FROM t WHERE (cast(null AS bigint) + a) NOT IN (SELECT cast(null AS bigint) FROM u);
SELECT a FROM t WHERE (cast(null AS bigint) * n) IN (SELECT b FROM u);
SELECT a FROM t WHERE cast(null AS bigint) NOT IN (SELECT b FROM u);
SELECT a FROM t WHERE a * 0 + 5 NOT IN (SELECT b FROM u) ORDER BY a;
SELECT a FROM t WHERE a * 0 + 5 NOT IN (SELECT n FROM t) ORDER BY a;
SELECT a FROM t WHERE (a & 0) NOT IN (SELECT n FROM t) ORDER BY a;
SELECT a FROM t WHERE (a & 0) NOT IN (SELECT n + 1 FROM t WHERE n IS NOT NULL) ORDER BY a;
SELECT a FROM (SELECT a, 5 AS c FROM t) WHERE c NOT IN (SELECT n FROM t) ORDER BY a;
SELECT a FROM t WHERE a = 2 AND a NOT IN (SELECT n FROM t WHERE a < 2) ORDER BY a;
SELECT a FROM t WHERE n NOT IN (SELECT b FROM u WHERE b > 7) ORDER BY a;
SELECT a FROM t WHERE n + 1 NOT IN (SELECT b FROM u) ORDER BY a;
SELECT a FROM t WHERE a NOT IN (SELECT b | cast(null AS bigint) FROM u);
SELECT a FROM t WHERE NOT (concat(null, string(a)) IN (SELECT string(b) FROM u));
SELECT a FROM t WHERE map(a, a) IN (SELECT m FROM u);
SELECT a FROM t WHERE map(a, a) NOT IN (SELECT m FROM u);
SELECT a FROM t WHERE (a, map(a, a)) IN (SELECT b, m FROM u);
SELECT a FROM t WHERE array(map(a, a)) IN (SELECT array(m) FROM u);
SELECT a FROM t WHERE struct(map(a, a)) IN (SELECT struct(m) FROM u);
SELECT a FROM t WHERE map(a, a) IN (map(1, 1));
SELECT a FROM t WHERE make_interval(int(a)) IN (SELECT make_interval(int(b)) FROM u);
SELECT a FROM t WHERE map(a, a) IN (SELECT b FROM u);
