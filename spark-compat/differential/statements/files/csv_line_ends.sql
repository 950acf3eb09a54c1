-- What ends lines, in and outside of quotes.
CREATE TEMPORARY VIEW crlf USING csv OPTIONS (path 'csv/crlf.csv', header true, multiLine true);
CREATE TEMPORARY VIEW crlf_lines USING csv OPTIONS (path 'csv/crlf.csv', header true);
CREATE TEMPORARY VIEW cr USING csv OPTIONS (path 'csv/cr.csv', header true, multiLine true);
CREATE TEMPORARY VIEW cr_lines USING csv OPTIONS (path 'csv/cr.csv', header true);
CREATE TEMPORARY VIEW bom USING csv OPTIONS (path 'csv/bom.csv', header true, multiLine true);
CREATE TEMPORARY VIEW bad (a int, b int, c int, _corrupt_record string) USING csv OPTIONS (path 'csv/bad.csv', header true, multiLine true);
SELECT * FROM crlf;
SELECT * FROM crlf_lines;
SELECT * FROM cr;
SELECT * FROM cr_lines;
SELECT * FROM bom;
SELECT * FROM bad;
