-- Backslashes in string literals that are no escapes.
--SET spark.sql.parser.escapedStringLiterals=true
SELECT 'a\nb', length('\t'), '\d', "x\"y", 'it\'s', '\u0041';
SELECT '123' RLIKE '\d+', regexp_replace('a1b2', '\d', '<$0>'), split('a.b', '\.');
SELECT 'a%b' LIKE 'a\%b', 'a\b' LIKE 'a\\b', 'axb' LIKE 'a\%b';
