-- What stands around values.
CREATE TEMPORARY VIEW quoted USING csv OPTIONS (path 'csv/quoted.csv', quote '\'');
CREATE TEMPORARY VIEW quoted_twice USING csv OPTIONS (path 'csv/quoted.csv', quote '\'', escape '\'');
CREATE TEMPORARY VIEW two_quotes USING csv OPTIONS (path 'csv/two_quotes.csv');
CREATE TEMPORARY VIEW two_quotes_escaped USING csv OPTIONS (path 'csv/two_quotes.csv', escape '"');
CREATE TEMPORARY VIEW encoded USING csv OPTIONS (path 'csv/bom.csv', encoding 'UTF-8', header true);
SELECT * FROM quoted;
SELECT * FROM quoted_twice;
SELECT * FROM two_quotes;
SELECT * FROM two_quotes_escaped;
SELECT * FROM encoded;
CREATE TEMPORARY VIEW e USING csv OPTIONS (path 'csv/quoted.csv', maxColumns '2');
