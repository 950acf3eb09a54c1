-- split.
select split('a,b,,c,,',','), split('a,b,c',',',2), split('a,b,c',',',0), split('a,b,c',',',-1), split('abc',''), split('','x'), split('',''), split('aXbXc','[X]'), split('a.b','.'), split('a.b','\\.');
select split(null,','), split('a',null), split('a,b',',',null), split('abc','',2), split('a1b2c','(?<=\\d)'), split('a|b','|'), split('abc','x',1), split(',a',','), split('a,b',',',1), split('a,b',',',5);
select split('a');
select split('a','(');
select split(a,b) from values ('a,b',','),('abc',''),('',''),(null,'a'),('aab','a'),('one  two','\\s+'),(' x ',' ') t(a,b);
select split('oneAtwoBthreeC','[ABC]'), split('oneAtwoBthreeC','[ABC]',2), split('2020-01-02','-'), split(12345,3), split('a,b','(,)'), split('aBc','(?i)b'), split('a\nb','\n');
select split('abc','(?=b)'), split('abc','(?!^)'), split('aaa','a'), split('aaa','a',2), split('xaxx','x+'), split('a--b-c','-',3), split('abc','^'), split('abc','$');
select split('a b',' ')[0], split('a b',' ')[1], split('a b',' ')[5], size(split('a,b,c',','));
