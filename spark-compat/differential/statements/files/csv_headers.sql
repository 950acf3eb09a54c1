-- First lines of CSV files.
CREATE TEMPORARY VIEW bom USING csv OPTIONS (path 'csv/bom.csv', header true, inferSchema true);
CREATE TEMPORARY VIEW repeated USING csv OPTIONS (path 'csv/repeated.csv', header true, nullValue 'NA');
CREATE TEMPORARY VIEW headers USING csv OPTIONS (path 'csv/headers', header true, inferSchema true);
CREATE TEMPORARY VIEW headers_declared (x int, y int) USING csv OPTIONS (path 'csv/headers', header true);
CREATE TEMPORARY VIEW one USING csv OPTIONS (path 'csv/one.csv');
CREATE TEMPORARY VIEW headonly USING csv OPTIONS (path 'csv/headonly.csv', header true, inferSchema true);
SELECT * FROM bom;
SELECT * FROM repeated;
SELECT * FROM headers;
SELECT * FROM headers_declared;
SELECT * FROM one;
SELECT * FROM headonly;
