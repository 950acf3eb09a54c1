-- Functions: names, types, NULLs.
select upper('ß'), lower('İ'), ucase('a'), lcase('A'), UPPER('a'), upper(1), upper(null)
select length('héllo'), char_length('a '), character_length(''), length(12345), length(null)
select concat('a', 1, null), concat('a', 'b'), concat('a'), 'a' || 1, 'a' || null, concat(1, 2), concat(true, date '2020-01-01')
select trim('  a '), ltrim('  a '), rtrim('  a '), trim(both from ' a '), trim(leading from ' a '), trim(trailing from ' a ')
select substring('hello', 2), substring('hello', -3), substring('hello', 0), substring('hello', 2, -1), substring(null, 1, 2)
select substring('hello', '2', 2.5), substr(12345, 2, 2), substring('hello' from 2 for 2), substring('hello' from 2), Substring('abc', 1, 1)
select substring(a, b, c) from values ('hello', 2, 3), ('héllo', -3, 2), ('x', 5, 1), ('abc', 0, 2), (null, 1, 1), ('abc', null, 1) t(a, b, c)
select left('abc', 2), left('abc', 0), left('abc', -1), right('abc', 2), right('abc', 0), right('abc', 9), left(null, 1)
select abs(-1), abs(-1.5), abs(cast(-128 as tinyint)), abs('-3'), abs(null), abs(-2.5D)
select negative(1), positive(1), -a, - -a, +a from values (1) t(a)
select coalesce(1, 2.5), nvl(null, 'a'), ifnull(null, 2.5), coalesce(null, 'a', 1), coalesce(null, null), coalesce(1)
select if(1 > 2, 'a', 1), if(null, 1, 2), nvl2('a', 1, 2.5), nvl2(null, 1, 2), nullif(1, 1), nullif('1', 1), nullif(1, null)
select isnull(1), isnotnull(1), isnull(null), isnotnull(null)
select case when 1 = 1 then null else 2 end, case 1 when '1' then 2L else 3.5 end, case when true then 1 else 'a' end
select 1 in (1, null), 2 in (1, null), 1 in (1L, 2.5), '1' in (1, 2), 1 in ('1'), null in (1), 1 not in (2, null)
select date '2020-01-01' in ('2020-01-01'), 1.5 in (1, 2.5), double('NaN') in (double('NaN'), 1), 0.0D in (-0.0D)
select 'a_b' like 'a\\_b', 'axb' like 'a\\_b', 'a%' like 'a\\%', 'a\nb' like 'a_b', 'abc' like null, 'ABC' like 'abc', '' like '%'
select 'a' like 'a\\b'
select mod(5, 2), mod(-7, 3), pmod(-7, 3), pmod(7, -3), mod(5, 0), mod(5.5, 2)
select ~5, ~cast(1 as tinyint), 5 & 3, 5 | 3, 5 ^ 3, 5 & 3L
select int('1'), string(1), double(1), boolean('true'), date('2020-01-01'), decimal(1), bigint('7'), smallint(3), tinyint(3), float(1.5)
select greatest(1, null, 3), least(1, 2.5, null), greatest('a', 'b'), least(date '2020-01-01', date '2019-01-01'), greatest(null, null)
