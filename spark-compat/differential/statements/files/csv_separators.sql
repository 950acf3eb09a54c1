-- What stands between values, and between records.
CREATE TEMPORARY VIEW separated USING csv OPTIONS (path 'csv/separated.csv', lineSep ';');
CREATE TEMPORARY VIEW separated_typed (a int, b string) USING csv OPTIONS (path 'csv/separated.csv', lineSep ';');
CREATE TEMPORARY VIEW piped USING csv OPTIONS (path 'csv/piped.csv', sep '||');
CREATE TEMPORARY VIEW piped_bar USING csv OPTIONS (path 'csv/piped.csv', sep '|');
CREATE TEMPORARY VIEW tabs USING csv OPTIONS (path 'csv/tabs.tsv', sep '\t', header true);
CREATE TEMPORARY VIEW tabs_trimmed USING csv OPTIONS (path 'csv/tabs.tsv', sep '\t', header true, ignoreLeadingWhiteSpace true, ignoreTrailingWhiteSpace true);
SELECT * FROM separated;
SELECT * FROM separated_typed;
SELECT * FROM piped;
SELECT * FROM piped_bar;
SELECT * FROM tabs;
SELECT * FROM tabs_trimmed;
CREATE TEMPORARY VIEW e USING csv OPTIONS (path 'csv/one.csv', sep '\\');
CREATE TEMPORARY VIEW e USING csv OPTIONS (path 'csv/one.csv', lineSep '');
CREATE TEMPORARY VIEW e USING csv OPTIONS (path 'csv/one.csv', lineSep 'abc');
CREATE TEMPORARY VIEW e USING csv OPTIONS (path 'csv/one.csv', comment '##');
SELECT * FROM csv.`csv/one.csv`;
