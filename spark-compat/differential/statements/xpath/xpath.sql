-- The functions, their types and NULLs.
SELECT xpath_string('<a><b>1</b><c>x</c></a>', 'a/c');
SELECT xpath_int('<a><b>1</b><b>2</b></a>', 'sum(a/b)'), xpath_long('<a><b>5</b></a>', 'a/b');
SELECT xpath('<a><b>1</b><b>2</b></a>', 'a/b/text()');
SELECT xpath_boolean('<a><b>1</b></a>', 'a/b'), xpath_double('<a><b>1.5</b></a>', 'a/b');
SELECT xpath_number('<a><b>x</b></a>', 'a/b'), xpath_float(NULL, 'a'), xpath_short('<a>3</a>', 'a');
SELECT xpath('<a b="1" c="2"/>', '//@*'), xpath('<a/>', 'a/b'), xpath('<a>1<!--c-->3<?pi d?></a>', 'a/node()');
SELECT xpath('<a><b>1</b></a>', 'a/b');
SELECT xpath('<a>1</a>', 'sum(a)');
SELECT xpath_int('<a><b>1</b><b>2.7</b></a>', 'sum(a/b)'), xpath_int('<a>x</a>', 'a'), xpath_int('<a>99999999999</a>', 'a'), xpath_int('<a>1e10</a>', 'a');
SELECT xpath_short('<a>70000</a>', 'a'), xpath_long('<a>99999999999999999999</a>', 'a'), xpath_float('<a>1.1</a>', 'a'), xpath_double('<a> -1.5 </a>', 'a');
SELECT xpath_double('<a/>', 'a/b'), xpath_int('<a/>', 'a/b'), xpath_long('<a/>', 'a/b'), xpath_short('<a/>', 'a/b'), xpath_float('<a/>', 'a/b'), xpath_number('<a>1</a>', 'a');
SELECT xpath_boolean('<a/>', 'a/b'), xpath_boolean('<a/>', 'a'), xpath_boolean('<a>1</a>', 'a=1'), xpath_boolean('<a/>', '"false"'), xpath_boolean('', 'a'), xpath_boolean('<a/>', '');
SELECT xpath_string(CAST(NULL AS string), 'a['), xpath_string('<a/>', CAST(NULL AS string)), xpath('', 'a');
SELECT xpath('<a/>', s) FROM VALUES ('a') t(s);
SELECT xpath(1, 'a');
SELECT xpath('<a/>');
SELECT id, xpath(x, 'a/b/text()'), xpath_string(x, 'a/b'), xpath_int(x, 'count(a/b)'), xpath_double(x, 'sum(a/b)'), xpath_boolean(x, 'a/b = 2')
  FROM VALUES (1, '<a><b>1</b><b>2</b></a>'), (2, NULL), (3, ''), (4, '<a/>'), (5, '<a><b>x</b></a>') t(id, x);
