-- from_json and to_json with intervals.
select from_json(j, 'a interval day to second, b interval year to month') from values ('{"a":"1 02:03:04.5","b":"-1-2"}'), ('{"a":"INTERVAL \'1 02:03:04\' DAY TO SECOND"}'), ('{"a":"1","b":"1"}'), ('{"a":5,"b":{}}'), ('{"b":"x","a":null}') t(j);
select from_json(j, 'a interval hour, b interval month') from values ('{"a":"5","b":"7"}'), ('{"a":"INTERVAL \'100\' HOUR","b":"interval -\'3\' month"}'), ('{"a":" 5 ","b":" 7"}'), ('{"a":"05","b":"+7"}') t(j);
select from_json(j, 'a interval day to hour, b interval minute to second') from values ('{"a":"5 3","b":"7:08"}'), ('{"a":"5 25","b":"70:08.1234567"}'), ('{"a":"INTERVAL \'-5 3\' DAY TO HOUR","b":"INTERVAL -\'7:08\' MINUTE TO SECOND"}') t(j);
select from_json(j, 'a interval') from values ('{"a":"1 day 2 hours"}'), ('{"a":"1-2"}'), ('{"a":""}'), ('{"a":"-3 months"}'), ('{"a":"interval"}'), ('{"a":true}'), ('{"a":"  1   DAY  "}') t(j);
select from_json(j, 'array<interval day>') from values ('["1","INTERVAL \'2\' DAY",3,null]'), ('["1","INTERVAL \'2\' DAY",null]') t(j);
select from_json(j, 'map<string,interval day>') from values ('{"x":"1","y":"zz"}'), ('{"x":"1","y":"2"}') t(j);
select from_json(j, 'a interval day, _corrupt_record string') from values ('{"a":"x"}'), ('{"a":"1"}'), ('{"a":1}') t(j);
select from_json(j, 'a interval, _corrupt_record string') from values ('{"a":"x"}'), ('{"a":"1 day"}'), ('{"a":1}') t(j);
select from_json(j, 'a interval day', map('mode', 'FAILFAST')) from values ('{"a":"x"}') t(j);
select from_json(j, 'a interval', map('mode', 'FAILFAST')) from values ('{"a":"x"}') t(j);
select from_json('{"a":"INTERVAL 1-2 YEAR TO MONTH"}', 'a interval year to month');
select to_json(named_struct('a', interval '1' day, 'b', interval '1-2' year to month, 'c', make_interval(1, 2, 3, 4, 5, 6, 7.5)));
select from_json(to_json(named_struct('a', i, 'b', m)), 'a interval day, b interval year to month') from values (interval '1' day, interval '1-2' year to month) t(i, m);
select from_json(j, 'a void, _corrupt_record string') from values ('{"a":null}'), ('{"a":1}'), ('{}') t(j);
select from_json(j, 'a int, b void') from values ('{"a":1,"b":null}') t(j);
select from_json(j, 'array<void>') from values ('[null]'), ('[1]') t(j);
