-- Seconds beyond the range of timestamps: rows wrap around, constants and members of arrays and structs end at its ends.
SELECT cast(9223372036854775807 AS timestamp), cast(-9223372036854775808 AS timestamp), timestamp(9223372036855);
SELECT id, cast(9223372036854775806 + id AS timestamp), cast(-9223372036854775807 - id AS timestamp) FROM range(2) ORDER BY id;
SELECT id, timestamp(9223372036854 + id), timestamp(-9223372036854 - id) FROM range(2) ORDER BY id;
SELECT count(*) FROM range(2) WHERE timestamp(9223372036855 + id) > timestamp'2020-01-01';
SELECT max(timestamp(9223372036854 + id)), min(timestamp(9223372036854 + id)) FROM range(3);
SELECT cast(array(9223372036854775807, 1) AS array<timestamp>);
SELECT cast(9223372036854775807BD AS timestamp), cast(9223372036855BD AS timestamp);
SELECT cast(9.3e12D AS timestamp), cast(cast(9.3e12 AS float) AS timestamp);
SELECT make_timestamp(294247, 1, 10, 4, 0, 54.775807), make_timestamp(-290308, 12, 21, 19, 59, 6);
SELECT make_timestamp(294247, 1, 10, 4, 0, 54.775808);
SELECT make_timestamp(300000, 1, 1, 0, 0, 0);
SELECT make_timestamp(300000, 1, 1, 24, 0, 0), make_timestamp(300000, 2, 30, 0, 0, 0);
SELECT make_timestamp(999999999, 12, 31, 23, 59, 59);
SELECT make_timestamp(1000000000, 1, 1, 0, 0, 0);
