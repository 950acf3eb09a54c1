-- Comments and blanks in CSV files.
CREATE TEMPORARY VIEW comments USING csv OPTIONS (path 'csv/comments.csv', comment '#');
CREATE TEMPORARY VIEW comments_header USING csv OPTIONS (path 'csv/comments.csv', comment '#', header true);
CREATE TEMPORARY VIEW comments_leading USING csv OPTIONS (path 'csv/comments.csv', comment '#', header true, ignoreLeadingWhiteSpace true);
CREATE TEMPORARY VIEW blanks USING csv OPTIONS (path 'csv/blanks.csv', header true);
CREATE TEMPORARY VIEW blanks_trimmed USING csv OPTIONS (path 'csv/blanks.csv', header true, ignoreLeadingWhiteSpace true, ignoreTrailingWhiteSpace true);
CREATE TEMPORARY VIEW blanks_inferred USING csv OPTIONS (path 'csv/blanks.csv', header true, inferSchema true);
SELECT * FROM comments;
SELECT * FROM comments_header;
SELECT * FROM comments_leading;
SELECT * FROM blanks;
SELECT * FROM blanks_trimmed;
SELECT * FROM blanks_inferred;
