-- from_json with maps whose keys are no strings: Spark keeps the strings, and fails where a key is needed.
select from_json(j, 'map<int,int>') from values ('{"1":2}') t(j);
select from_json(j, 'map<int,int>') from values ('{}'), ('null'), (null), ('[]'), ('x'), ('') t(j);
select from_json(j, 'map<date,int>') from values ('{"2020-01-01":2}') t(j);
select from_json(j, 'map<binary,int>') from values ('{"1":2}') t(j);
select from_json(j, 'map<array<int>,int>') from values ('{"1":2}'), ('{}') t(j);
select from_json(j, 'map<int,int>')[1] from values ('{"1":2}') t(j);
select from_json(j, 'a map<int,int>') from values ('{"a":{}}'), ('{"a":null}'), ('{"a":1}'), ('{}') t(j);
select from_json(j, 'a map<bigint,int>') from values ('{"a":{"1":1}}') t(j);
select from_json(j, 'map<string,int>') from values ('{"1":2,"1":3}'), ('{"a":"x"}'), ('{"a":null}') t(j);
