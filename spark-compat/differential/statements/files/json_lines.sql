-- JSON files, an object a line.
CREATE TEMPORARY VIEW lines USING json OPTIONS (path 'json/lines.json');
CREATE TEMPORARY VIEW bad USING json OPTIONS (path 'json/bad.json');
CREATE TEMPORARY VIEW bad_dropping USING json OPTIONS (path 'json/bad.json', mode 'DROPMALFORMED');
CREATE TEMPORARY VIEW separated USING json OPTIONS (path 'json/separated.json', lineSep ';');
SELECT * FROM lines;
SELECT * FROM bad;
SELECT * FROM bad_dropping;
SELECT * FROM separated;
DESCRIBE lines;
DESCRIBE bad;
SELECT a FROM bad;
SELECT d.e, c[0] FROM lines;
SELECT count(a) FROM lines;
SELECT * FROM json.`json/names.json`;
SELECT * FROM json.`json/lines.json` WHERE a > 1;
