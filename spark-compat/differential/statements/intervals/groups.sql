-- Intervals as groups, keys and distinct values.
select i, count(*) from values (make_interval(1)), (make_interval(0, 12)) t(i) group by i;
select i, count(*) from values (interval '1' day), (interval '24' hour), (null) t(i) group by i order by i;
select count(distinct i), count(i) from values (interval '1' month), (interval '1' month), (null) t(i);
select a.i from values (interval '1' day), (interval '2' day) a(i) join values (interval '48' hour) b(i) on a.i = b.i;
select a.i from values (make_interval(1)) a(i) join values (make_interval(0, 12)) b(i) on a.i = b.i;
select i from values (interval '1' year), (interval '2' year) t(i) where i in (select interval '24' month);
select i from values (interval '1' year), (interval '2' year) t(i) union select interval '24' month;
select distinct i from values (interval '1' year), (interval '12' month), (null) t(i) order by i;
select date'2020-01-01' + i from values (interval '1' day), (interval '2' day) t(i) where i > interval '30' hour;
select row_number() over (order by i), i from values (interval '2' day), (interval '1' day), (null) t(i);
