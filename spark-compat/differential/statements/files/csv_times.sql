-- Dates and timestamps in CSV files, by patterns and without.
CREATE TEMPORARY VIEW stamps USING csv OPTIONS (path 'csv/times.csv', inferSchema true);
CREATE TEMPORARY VIEW patterns (a string, b date, c timestamp) USING csv OPTIONS (path 'csv/times.csv', dateFormat 'yyyy-MM-dd', timestampFormat 'dd/MM/yyyy HH:mm');
CREATE TEMPORARY VIEW by_pattern USING csv OPTIONS (path 'csv/times.csv', inferSchema true, timestampFormat 'dd/MM/yyyy HH:mm');
CREATE TEMPORARY VIEW in_zone USING csv OPTIONS (path 'csv/times.csv', inferSchema true, timeZone 'America/New_York');
SELECT * FROM stamps;
SELECT * FROM patterns;
SELECT * FROM by_pattern;
SELECT * FROM in_zone;
DESCRIBE stamps;
