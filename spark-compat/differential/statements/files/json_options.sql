-- Grammars of JSON files, and values of several lines.
CREATE TEMPORARY VIEW lenient USING json OPTIONS (path 'json/options.json', allowUnquotedFieldNames true, allowComments true, allowNumericLeadingZeros true);
CREATE TEMPORARY VIEW strict USING json OPTIONS (path 'json/options.json', allowSingleQuotes false, allowNonNumericNumbers false);
CREATE TEMPORARY VIEW objects USING json OPTIONS (path 'json/empty_objects.json');
CREATE TEMPORARY VIEW no_nulls USING json OPTIONS (path 'json/empty_objects.json', dropFieldIfAllNull true);
CREATE TEMPORARY VIEW multi USING json OPTIONS (path 'json/multi', multiLine true);
CREATE TEMPORARY VIEW multi_lines USING json OPTIONS (path 'json/multi');
SELECT * FROM multi;
SELECT * FROM multi_lines;
SELECT * FROM lenient;
SELECT * FROM strict;
SELECT * FROM objects;
SELECT * FROM no_nulls;
