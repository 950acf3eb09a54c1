-- Case, characters and their codes, sounds and distances.
select ascii('é'), ascii('€'), ascii('😀'), ascii(''), ascii(null), ascii(5), ascii('a');
select ascii(a) from values ('a'),(''),('é'),(null) t(a);
select chr(65), chr(321), chr(-1), chr(256), chr(255), chr(128), char(97), chr(65.9), chr('66'), hex(chr(0)), hex(chr(200)), chr(9223372036854775807), length(chr(256));
select chr(a), char(a) from values (65),(-5),(233),(577),(null) t(a);
select chr(true);
select upper('straße'), upper('ǆ'), lower('İ'), lower('ΑΣ'), lower('ΑΣ Α'), upper('ŉ'), upper('ﬁ'), lower('ẞ'), upper('ი'), upper('éàü'), lower('ÀÉ'), lower('Ა');
select upper(a), lower(a), ucase(a), lcase(a) from values ('Hello World'),('ÀÉîÔ'),('ΟΔΟΣ ΣΑΣ'),('ŸÿẞßſK'),(''),(null) t(a);
select upper(true), upper(1.50BD), upper(1.0D), lower(date'2020-01-01'), upper(X'61'), upper(null);
select upper(interval 1 day), lower(interval 1 month);
select upper(array('a'));
select upper('a','b');
select initcap('hello wORLD  foo-bar'), initcap('ǆabc ß éa'), initcap(''), initcap(null), initcap(' a\tb\nc'), initcap('ÀÉ ÎO'), initcap(5), initcap('ŉx ﬁx'), initcap('1a a1'), initcap('İSTANBUL');
select initcap(a) from values ('the QUICK brown'),('ο κόσμος'),('ᾳ ᾀ ა'),('o''neil mc-donald'),(null) t(a);
select soundex('Miller'), soundex('Robert'), soundex('Rupert'), soundex('Tymczak'), soundex('Pfister'), soundex('Honeyman'), soundex(''), soundex('123'), soundex('a'), soundex('éa'), soundex(null), soundex('Ashcraft'), soundex('bB'), soundex('jjjjjkl');
select soundex(a) from values ('O\'Hara'),('van der Berg'),('Gutiérrez'),('Jackson'),('  x'),(null) t(a);
select levenshtein('kitten','sitting'), levenshtein('',''), levenshtein('','abc'), levenshtein('éa','ea'), levenshtein(null,'a'), levenshtein('a',null), levenshtein(12,13), levenshtein('abc','abc');
select levenshtein(a,b) from values ('sunday','saturday'),('a',''),('😀a','a'),(null,'x'),('abc','cba') t(a,b);
select levenshtein('a');
