-- What input_file_name and its like say where no file is read.
select input_file_name(), input_file_block_start(), input_file_block_length();
select input_file_name() from values (1) t(a);
select input_file_name() n, count(*) from range(3) group by input_file_name();
select * from values (1) t(a) where input_file_name() = '';
select max(input_file_name()) from range(3);
values (input_file_name());
select input_file_name(1);
select a, (select input_file_name()) from values (1) t(a);
