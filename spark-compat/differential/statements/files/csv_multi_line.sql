-- Records of several lines.
CREATE TEMPORARY VIEW lines USING csv OPTIONS (path 'csv/multi.csv', header true);
CREATE TEMPORARY VIEW texts USING csv OPTIONS (path 'csv/multi.csv', header true, multiLine true);
CREATE TEMPORARY VIEW escaped USING csv OPTIONS (path 'csv/multi.csv', header true, multiLine true, escape '"', comment '#');
CREATE TEMPORARY VIEW inferred USING csv OPTIONS (path 'csv/multi.csv', header true, multiLine true, inferSchema true, escape '"');
CREATE TEMPORARY VIEW dropping (id int, text string, n int) USING csv OPTIONS (path 'csv/multi.csv', header true, multiLine true, mode 'DROPMALFORMED');
CREATE TEMPORARY VIEW corrupt (id int, text string, n int, _corrupt_record string) USING csv OPTIONS (path 'csv/multi.csv', header true, multiLine true);
SELECT * FROM lines;
SELECT * FROM texts;
SELECT * FROM escaped;
SELECT * FROM inferred;
SELECT * FROM dropping;
SELECT * FROM corrupt;
SELECT count(*) FROM texts;
SELECT id FROM texts WHERE n > 1;
SELECT count(*) FROM lines;
