-- The least count has no opposite number.
SELECT substring_index('a.b', '.', -2147483647), substring_index('a.b', '.', 2147483647), substring_index('a.b', '', -2147483648);
SELECT substring_index('a.b', '.', -2147483648);
SELECT substring_index('', '.', -2147483648);
SELECT substring_index('a', 'abc', -2147483648);
SELECT substring_index(string(id), '.', int(-2147483648 - id)) FROM range(1);
