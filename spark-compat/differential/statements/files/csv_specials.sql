-- How CSV files spell numbers that are none, NULL, and empty texts.
CREATE TEMPORARY VIEW specials (a int, b double, c float, d double) USING csv OPTIONS (path 'csv/specials.csv');
CREATE TEMPORARY VIEW spelled (a int, b double, c float, d double) USING csv OPTIONS (path 'csv/specials.csv', nanValue 'NAN', positiveInf 'INF', negativeInf '-INF', nullValue 'NULL');
CREATE TEMPORARY VIEW spelled_inferred USING csv OPTIONS (path 'csv/specials.csv', nanValue 'NAN', positiveInf 'INF', negativeInf '-INF', nullValue '-', inferSchema true);
CREATE TEMPORARY VIEW nulls (a string, b string, c string, d string) USING csv OPTIONS (path 'csv/specials.csv', nullValue 'NULL', emptyValue 'none');
SELECT * FROM specials;
SELECT * FROM spelled;
SELECT * FROM spelled_inferred;
SELECT * FROM nulls;
