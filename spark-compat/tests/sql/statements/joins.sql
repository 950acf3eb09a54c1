-- Joins of all kinds, and the columns that they show.
select * from values (1, 2), (5, 6) t(a, b) join values (1, 3) s(a, c) on t.a = s.a
select * from values (1, 2), (5, 6) t(a, b) left join values (1, 3) s(a, c) on t.a = s.a
select * from values (1, 2), (5, 6) t(a, b) right join values (1, 3), (7, 8) s(a, c) on t.a = s.a
select * from values (1, 2), (5, 6) t(a, b) full join values (1, 3), (7, 8) s(a, c) on t.a = s.a
select * from values (1, 2), (5, 6) t(a, b) left semi join values (1, 3) s(a, c) on t.a = s.a
select * from values (1, 2), (5, 6), (null, 7) t(a, b) left anti join values (1, 3), (null, 1) s(a, c) on t.a = s.a
select * from values (1, 2), (5, 6) t(a, b) semi join values (1, 3) s(a, c) on t.b < s.c
select * from values (1, 2), (5, 6) t(a, b) anti join values (1, 3) s(a, c) on t.b < s.c
select * from values (1), (2) t(a) cross join values (3), (4) s(b)
select * from values (1), (2) t(a), values (3), (4) s(b)
select * from values (1), (2) t(a) join values (3), (4) s(b)
select * from values (1), (2) t(a) left join values (3) s(b)
select * from values (1), (2) t(a) left semi join values (3) s(b)
select * from values (1), (2) t(a) left anti join values (3) s(b)
select * from values (1, 2) t(a, b) join values (1, 3) s(a, c) using (a)
select t.*, s.* from values (1, 2) t(a, b) join values (1, 3) s(a, c) using (a)
select s.*, t.* from values (1, 2) t(a, b) full join values (2, 3) s(a, c) using (a)
select *, t.a, s.a from values (1, 2) t(a, b) full join values (2, 3) s(a, c) using (a)
select * from values (1, 2) t(a, b) right join values (1, 3), (2, 4) s(a, c) using (a)
select a, t.a, s.a from values (1, 2) t(a, b) right join values (1, 3), (2, 4) s(a, c) using (a)
select * from values (1, 2), (3, 4) t(a, b) left join values (1, 3) s(a, c) using (a)
select * from values (1, 2) t(a, b) left semi join values (1, 3) s(a, c) using (a)
select * from values (1, 2) t(a, b) natural join values (1, 3) s(a, c)
select * from values (1, 2) t(a, b) natural left join values (1, 3) s(A, c)
select * from values (1, 2) t(a, b) natural join values (3) s(c)
select * from values (1, 2) t(a, b) join values (1, 3) s(a, c) using (b)
select * from values (1, 2) t(a, b) join values (1, 3) s(a, c) using (a) join values (1, 4) u(a, d) using (a)
select t.a, s.a, u.a from values (1, 2) t(a, b) join values (1, 3) s(a, c) using (a) join values (1, 4) u(a, d) using (a)
select * from values (1) t(a) full join values ('1'), ('x') s(a) using (a)
select a from values (1, 2) t(a, b) join values (1, 3) s(a, c)
select * from values (1) t(a) join values (1.0) s(b) on a = b
select * from values (1) t(a) join values ('1') s(b) on a = b
select * from values (null), (1) t(a) join values (null), (1) s(b) on a <=> b
select * from values (double('NaN')), (0.0D) t(a) join values (double('NaN')), (-0.0D) s(b) on a = b
select x.a, y.a from values (1), (2) x(a) join values (1), (2) y(a) on x.a < y.a join values (2) z(a) on z.a = y.a
select * from values (1) t(a) join values (1) s(b) on a
select * from values (1) t(a) join values (1) s(b) on sum(a) = b
select * from (values (1) t(a) join values (1) s(b) on a = b)
select * from values (1), (2), (null) t(a) left join values (2), (null) s(b) on t.a = s.b where s.b is null
select * from values (1), (2), (null) t(a) full join values (2), (3), (null) s(b) on t.a = s.b where t.a is null or t.a > 1
select t.a, s.b from values (1), (2) t(a) left join values (1), (2) s(b) on t.a = s.b and t.a > 1
select t.a, s.b from values (1), (2) t(a) left join values (1), (2) s(b) on t.a = s.b and s.b > 1
select t.a, s.b from values (1), (2) t(a) right join values (1), (2), (3) s(b) on t.a = s.b and t.a > 1
select t.a, s.b, u.c from values (1), (2) t(a) left join values (1) s(b) on t.a = s.b left join values (1), (2) u(c) on u.c = s.b
select t.a, s.b from values (1), (2), (3) t(a), values (2), (3) s(b) where t.a = s.b or t.a = 1
select * from values (1, 'a'), (2, 'b') t(x, y) join values (1, 'a'), (2, 'c') s(x, y) using (x, y)
select count(*) from values (1), (1) t(a) join values (1), (1), (1) s(b) on t.a = s.b
select * from values (1.0), (2.5) t(a) join values (1), (2) s(b) on t.a = s.b
select * from values (date '2020-01-01') t(a) join values ('2020-01-01') s(b) on t.a = s.b
