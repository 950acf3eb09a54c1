-- Names with prefixes in documents, by paths that Java walks by an index and by others.
SELECT xpath_string('<n:a><n:b>1</n:b><n:b>2</n:b></n:a>', '//b[position()=1]');
SELECT xpath_string('<n:a><n:b>1</n:b><n:b>2</n:b></n:a>', '//b["x"]');
SELECT xpath_string('<n:a><n:b>1</n:b><n:b>2</n:b></n:a>', '//b[. != 1]');
SELECT xpath_string('<n:a><n:b>1</n:b><n:b>2</n:b></n:a>', '//b[text()]');
SELECT xpath_string('<n:a><n:b>1</n:b><n:b>2</n:b></n:a>', '//b[not(c)]');
SELECT xpath_string('<n:a><n:b>1</n:b><n:b>2</n:b></n:a>', '//b[contains(., last())]');
SELECT xpath_string('<n:a><n:b>1</n:b><n:b>2</n:b></n:a>', '//b[. = 1 or . = 2]');
SELECT xpath_string('<n:a><n:b>1</n:b><n:b>2</n:b></n:a>', '//b[. = 1 + 1]');
SELECT xpath_string('<n:a><n:b>1</n:b><n:b>2</n:b></n:a>', '//b[count(c) = 0]');
SELECT xpath_string('<n:a><n:b>1</n:b><n:b>2</n:b></n:a>', '//b[(text())]');
SELECT xpath_string('<n:a><n:b>1</n:b><n:b>2</n:b></n:a>', '//b[-1]');
