-- XPath is refused by name.
SELECT xpath_string('<a><b>1</b><c>x</c></a>', 'a/c');
SELECT xpath_int('<a><b>1</b><b>2</b></a>', 'sum(a/b)'), xpath_long('<a><b>5</b></a>', 'a/b');
SELECT xpath('<a><b>1</b><b>2</b></a>', 'a/b/text()');
SELECT xpath_boolean('<a><b>1</b></a>', 'a/b'), xpath_double('<a><b>1.5</b></a>', 'a/b');
SELECT xpath_number('<a><b>x</b></a>', 'a/b'), xpath_float(NULL, 'a'), xpath_short('<a>3</a>', 'a');
