-- from_csv and to_csv with intervals, and with types that CSV has no values of.
select from_csv(c, 'a interval day to second, b interval year to month') from values ('1 02:03:04.5,-1-2'), ("INTERVAL '1 02:03:04' DAY TO SECOND,1"), ('1,1'), (',2-3'), ('x,y') t(c);
select from_csv(c, 'a interval hour, b interval month, c interval') from values ('5,7,1 day'), (" 5 , 7 , 2 days"), ("INTERVAL '5' HOUR,interval '-7' month,x"), ('+5,-7,-1 month') t(c);
select from_csv(c, 'a interval day, _corrupt_record string') from values ('x'), ('1') t(c);
select from_csv(c, 'a interval day', map('mode', 'FAILFAST')) from values ('x') t(c);
select from_csv(c, 'a interval', map('mode', 'FAILFAST')) from values ('x'), ('1 day') t(c);
select to_csv(named_struct('a', interval '1' day, 'b', interval '1-2' year to month));
select to_csv(named_struct('a', interval '-1 02:03:04.5' day to second));
select from_csv('1', 'a void');
select from_csv('abc', 'a binary');
