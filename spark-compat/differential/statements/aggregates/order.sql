-- Functions that take rows as they come, over more rows than fit a batch, in the order of a subquery.
SELECT size(l), l[0], l[9000], l[19999], f, e FROM (SELECT collect_list(id) AS l, first(id) AS f, last(id) AS e FROM (SELECT id FROM range(20000) ORDER BY id DESC));
SELECT k, size(l), l[0], l[3000], l[6665], f, e FROM (SELECT k, collect_list(id) AS l, first(id) AS f, last(id) AS e FROM (SELECT id, id % 3 AS k FROM range(20000) ORDER BY id DESC) GROUP BY k) ORDER BY k;
SELECT k, l = array_sort(l), size(l) FROM (SELECT k, collect_list(v) AS l FROM (SELECT hash(id) AS v, id % 7 AS k FROM range(20000) ORDER BY v) WHERE v > 0 GROUP BY k) ORDER BY k;
