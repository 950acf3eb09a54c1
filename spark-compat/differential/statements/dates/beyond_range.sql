-- make_date is NULL where there is no such date, and fails where there is one that no Spark date can hold.
SELECT make_date(5881580, 7, 11), make_date(-5877641, 6, 23);
SELECT make_date(5881580, 7, 12);
SELECT make_date(-5877641, 6, 22);
SELECT make_date(999999999, 12, 31);
SELECT make_date(-999999999, 1, 1);
SELECT make_date(1000000000, 1, 1), make_date(-1000000000, 1, 1), make_date(2147483647, 1, 1);
SELECT make_date(7000000, 2, 30), make_date(7000001, 2, 29), make_date(7000000, 13, 1);
SELECT make_date(7000000, 2, 29);
SELECT make_date(int(7000000 + id), 1, 1) FROM range(2);
SELECT make_date(int(2000 + id), 2, 29) FROM range(5) ORDER BY id;
