-- A random order, seen through what it leaves alone.
SELECT shuffle(NULL), shuffle(array()), shuffle(array(7));
SELECT id, size(shuffle(a)), sort_array(shuffle(a)) FROM VALUES (1, array(3, 1, 2)), (2, NULL), (3, array()), (4, array(1, NULL, 1)) t(id, a);
SELECT shuffle('a');
SELECT shuffle();
SELECT shuffle(array(1), 2);
