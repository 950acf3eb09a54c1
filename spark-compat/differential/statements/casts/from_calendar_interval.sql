-- Intervals of months, days and a time.
create temporary view t as select * from values
  (make_interval(1,2,3,4,5,6,7.5)),
  (make_interval(-1,0,0,0,0,0,-0.000001)),
  (make_interval()),
  (make_interval(0,0,0,-400,25,61,61)),
  (cast(null as interval))
as t(a);
select a, cast(a as string) b from t;
select a, cast(a as int) b from t;
select a, cast(a as binary) b from t;
select a, cast(a as interval year to month) b from t;
select a, cast(a as interval day to second) b from t;
select a, cast(a as interval) b from t;
