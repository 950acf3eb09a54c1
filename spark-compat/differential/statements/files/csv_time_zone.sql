-- Times in files are in the time zone of the session that reads them.
CREATE TEMPORARY VIEW z USING csv OPTIONS (path 'csv/times.csv', inferSchema true);
CREATE TEMPORARY VIEW o USING csv OPTIONS (path 'csv/times.csv', inferSchema true, timeZone 'Asia/Tokyo');
CREATE TEMPORARY VIEW j (t timestamp, d date) USING json OPTIONS (path 'json/types.json');
SET spark.sql.session.timeZone=America/New_York;
SELECT * FROM z;
SELECT * FROM o;
SELECT * FROM j;
SELECT _c0, unix_timestamp(_c0) FROM z;
