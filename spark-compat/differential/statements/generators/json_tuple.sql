-- json_tuple: members of JSON objects as columns.
SELECT json_tuple(j, 'a', 'b', 'a') FROM VALUES ('{"a":{"x":[1, 2.0]},"b":null}'), ('{"a":1,"a":2,"b":"q\\"z"}'), ('[1]'), ('bad'), (NULL), ('{"a":1.50, "b":tru}'), ('{"b":true,"c":1}'), ('{"a":""}'), ('{"a":1e3} x'), ('') AS t(j);
SELECT id, v.* FROM VALUES (1, '{"a":"p","b":[1,{"c":null}]}'), (2, NULL), (3, '{}') AS t(id, j) LATERAL VIEW json_tuple(j, 'a', 'b') v AS x, y ORDER BY id;
SELECT id, c0 FROM VALUES (1, '{"a":"p"}'), (2, NULL) AS t(id, j) LATERAL VIEW OUTER json_tuple(j, 'a') v ORDER BY id;
SELECT json_tuple('{"a":1}', k) FROM VALUES ('a'), ('b') AS t(k);
SELECT json_tuple('{"a":1}', 'a', NULL);
SELECT json_tuple('{"a":1}', 1);
SELECT json_tuple('{"a":1}');
SELECT json_tuple(NULL, 'a');
SELECT json_tuple('{"A":1,"a":2}', 'A'), 7 AS n;
SELECT json_tuple('{"a":"é\\u0041\\n"}', 'a') AS x;
SELECT upper(json_tuple('{"a":1}', 'a'));
SELECT json_tuple('{"a":1}', 'a') AS (x, y);
