-- Operands that Spark does not compute where the other one decides, and that fail. Found by the fuzzer.
CREATE TEMPORARY VIEW t AS SELECT * FROM VALUES (1, 0, 0), (2, 0, null), (3, 1, 2) AS t(id, place, n);
SELECT id, element_at(array(1, 2, 3), place) / n FROM t WHERE id < 3 ORDER BY id;
SELECT id, element_at(array(1, 2, 3), place) % n FROM t WHERE id < 3 ORDER BY id;
SELECT id, element_at(array(1, 2, 3), place) / n FROM t WHERE id = 3;
SELECT id, n / element_at(array(1, 2, 3), place) FROM t WHERE id < 3 ORDER BY id;
SELECT id, n = 1 AND element_at(array(1, 2, 3), place) = 1 FROM t WHERE id = 1;
SELECT id, if(n = 0, 'none', string(element_at(array(1, 2, 3), place))) FROM t WHERE id = 1;
SELECT id, coalesce(n, element_at(array(1, 2, 3), place)) FROM t WHERE id = 1;
