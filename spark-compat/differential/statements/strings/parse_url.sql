-- parse_url.
select parse_url(u,'HOST'), parse_url(u,'PATH'), parse_url(u,'QUERY'), parse_url(u,'REF'), parse_url(u,'PROTOCOL') from values ('http://user:pw@Host.com:8080/p/a?a=1&b=2#ref'),('https://h'),('mailto:a@b.c'),('//h/p'),('/rel?x'),(''),('a b'),('http://h/p?a=1&a=2'),('http://[::1]:80/x'),('file:///etc/x') t(u);
select parse_url(u,'FILE'), parse_url(u,'AUTHORITY'), parse_url(u,'USERINFO'), parse_url(u,'QUERY','a') from values ('http://user:pw@Host.com:8080/p/a?a=1&b=2#ref'),('https://h'),('mailto:a@b.c'),('//h/p'),('/rel?x'),(''),('a b'),('http://h/p?a=1&a=2'),('http://[::1]:80/x'),('file:///etc/x') t(u);
select parse_url(u,'HOST'), parse_url(u,'PATH'), parse_url(u,'AUTHORITY'), parse_url(u,'PROTOCOL') from values ('http://h/%zz'),('http://h/é'),('http://h_x/p'),('http://1.2.3.4/'),('http://h:x/'),(null),('HTTP://H/?b=a'),('http://h?q#'),('http://a.b-/'),('ftp://u@h/;p'),('x:y'),(':x'),('1a:x'),('http://h/a|b'),('http://h/"'),('http://:80/'),('http://h:/p') t(u);
select parse_url(u,'HOST'), parse_url(u,'QUERY'), parse_url(u,'REF') from values ('http://a.b.1/'),('http://1.2.3/'),('http://256.1.1.1/'),('http://h./x'),('http://-a/'),('http://é.de/x'),('http://h?x=[1]'),('http://h/?x={1}'),('http://h#a#b'),('http://h/a b'),('http://'),('http:///x'),('http:'),('http://u@@h/'),('http://[1::2::3]/'),('//'),('?q'),('#f') t(u);
select parse_url('http://h/p?a=1','HOST','a'), parse_url('http://h/p?a=1','host'), parse_url('http://h/p?a=1','QUERY','b'), parse_url('http://h/p?a=1','QUERY','.'), parse_url('http://h/p',null), parse_url('http://h/p?a=1','QUERY',null), parse_url('http://h/p','XX'), parse_url('http://h/p?ab=1&b=2','QUERY','b'), parse_url('http://h/p?a=%20x','QUERY','a');
select parse_url(5,'PATH');
select parse_url(a,b,c) from values ('http://h/?x=1&y=2','QUERY','y'),('http://h/?x=','QUERY','x'),('http://h/?x','QUERY','x'),('http://h/','QUERY','x'),(null,'QUERY','x') t(a,b,c);
select parse_url('x');
select parse_url('http://h/?a=1','QUERY','a','b');
