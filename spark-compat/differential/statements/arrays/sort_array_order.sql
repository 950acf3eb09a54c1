-- The order is a literal, nothing that is computed.
SELECT sort_array(array(3, 1, null), true), sort_array(array(3, 1, null), false), sort_array(array(3, 1), (true));
SELECT sort_array(array(3, 1), 1 = 1);
SELECT sort_array(array(3, 1), NOT true);
SELECT sort_array(array(3, 1), null);
SELECT sort_array(array(3, 1), cast(null AS boolean));
SELECT sort_array(array(3, 1), cast('true' AS boolean));
SELECT sort_array(array(3, 1), 'true');
SELECT sort_array(array(3, 1), 1);
SELECT sort_array(array(3, 1), id > 0) FROM range(2);
SELECT sort_array(array(3, 1), b) FROM (SELECT true AS b);
