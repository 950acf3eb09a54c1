-- Characters that are two in Java: LIKE quotes each half by itself, empty matches come between the halves.
CREATE TEMPORARY VIEW t AS SELECT /*+ REPARTITION(1) */ if(id = 0, '😀', if(id = 1, 'a😀', if(id = 2, 'a😀b', 'ab'))) AS s, id FROM range(4);

SELECT '𝒳' LIKE '_', '𝒳' LIKE '__', 'a𝒳b' LIKE 'a_b', '😀' LIKE '%_', '😀' LIKE '_%_', '😀😀' LIKE '__';
SELECT '😀' LIKE '😀', 'a😀' LIKE '%😀', '😀a' LIKE '😀%', 'a😀b' LIKE '%😀%', 'a😀b' LIKE 'a%b', '😀😀' LIKE '_😀';
SELECT id, s LIKE '😀', s LIKE '%😀', s LIKE '😀%', s LIKE '%😀%' FROM t ORDER BY id;
SELECT id, s LIKE 'a%😀', s LIKE 'a%😀b', s LIKE '😀%_', s LIKE '_😀', s LIKE '%😀_', s LIKE '%%😀' FROM t ORDER BY id;
SELECT id, s LIKE '_', s LIKE '__', s LIKE 'a_%' FROM t ORDER BY id;
SELECT id, s LIKE s, s LIKE concat('%', s), s LIKE concat(s, '%') FROM t ORDER BY id;
SELECT id, s LIKE ANY ('%😀', '_'), s NOT LIKE '%😀' FROM t ORDER BY id;
SELECT '😀' LIKE '#😀' ESCAPE '#';
SELECT id, s LIKE '#_😀' ESCAPE '#' FROM t ORDER BY id;
SELECT split('a𝒳b', ''), split('a𝒳b', 'x*'), split('𝒳𝒳', '', 2), split('𝒳𝒳', '', 3), split('𝒳', '(?=b)|');
SELECT split('a𝒳b', '𝒳'), split('a𝒳b', '(?<=a)'), split('a𝒳', '\\b'), split('😀a', '.'), split('a😀', '😀?');
SELECT id, split(s, ''), split(s, '', 2) FROM t ORDER BY id;
SELECT regexp_replace('a𝒳b', '', '-'), regexp_replace('a𝒳b', 'x*', '-'), regexp_replace('a𝒳b', '()', '<$1>');
SELECT id, regexp_replace(s, 'b*', '-') FROM t ORDER BY id;
SELECT regexp_extract_all('a𝒳b', '()', 1), size(regexp_extract_all('a𝒳b', 'b?', 0)), regexp_extract('𝒳b', 'b*', 0);
SELECT str_to_map('a😀b', '', '😀'), str_to_map('a:😀', ',', ':');
