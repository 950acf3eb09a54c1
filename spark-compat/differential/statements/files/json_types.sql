-- Types of JSON files.
CREATE TEMPORARY VIEW types USING json OPTIONS (path 'json/types.json');
CREATE TEMPORARY VIEW stamps USING json OPTIONS (path 'json/types.json', inferTimestamp true);
CREATE TEMPORARY VIEW strings USING json OPTIONS (path 'json/types.json', primitivesAsString true);
CREATE TEMPORARY VIEW decimals USING json OPTIONS (path 'json/types.json', prefersDecimal true);
CREATE TEMPORARY VIEW typed (t timestamp, d date, n int, x double, big decimal(20,0), s string) USING json OPTIONS (path 'json/types.json');
SELECT * FROM types;
SELECT * FROM stamps;
SELECT * FROM strings;
SELECT * FROM decimals;
SELECT * FROM typed;
DESCRIBE types;
