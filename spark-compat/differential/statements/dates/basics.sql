-- Dates, their fields, and intervals added to them.
select date '1998-12-01' - interval '90' day, date '1998-12-01' + interval 2 days, interval 1 day + date '1998-12-01';
select date '1998-12-01' - interval '1' year, date '1998-12-01' + interval '3' month, date '2020-01-31' + interval 1 month;
select date '2020-02-29' + interval 1 year, date '2020-03-31' - interval 1 month, date '2020-01-31' - interval '1-1' year to month;
select a + interval 1 month, a - interval 2 years, a + interval 10 days from values (date '2020-01-31'), (null) t(a);
select date '2020-01-31' + 1, date '1998-12-01' - 1, 1 + date '1998-12-01', date '2020-01-01' + cast(1 as tinyint);
select date '1998-12-01' + 1.5;
select extract(year from date '1998-12-01'), year(date '1998-12-01'), date_part('year', date '1998-12-01'), extract(YEAR from date '1998-12-01');
select extract(month from date '2020-01-02'), extract(day from date '2020-01-02'), extract(quarter from date '2020-05-02'), extract(years from date '2020-01-02');
select extract(dow from date '2020-01-05'), extract(doy from date '2020-12-31'), extract(week from date '2021-01-01'), extract(dow_iso from date '2020-01-05');
select year('2020-01-02'), month(date '2020-01-02'), day(date '2020-01-02'), dayofmonth(date '2020-01-02'), quarter(date '2020-01-02');
select dayofweek('2020-05-15'), weekday('2020-05-15'), weekofyear('2020-01-01'), dayofyear('2020-12-31'), year(null), year('x');
select year(timestamp '2020-12-31 23:59:59'), month('2020-02-30');
select date_add(date '2020-01-01', 1), date_sub(date '2020-01-01', 1), date_add('2020-02-28', 2), datediff('2020-03-01', '2020-02-28');
select date '2020-01-01' < '2020-01-02', date '2020-01-01' between '2019-01-01' and '2021-01-01', date '2020-01-01' = timestamp '2020-01-01 00:00:00';
