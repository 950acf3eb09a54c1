-- SET TIME ZONE with an offset in seconds.
SET TIME ZONE INTERVAL 3 HOURS 30 MINUTES 15 SECONDS;
select current_timezone(), hour(timestamp'2020-01-01 00:00:00 UTC'), second(timestamp'2020-01-01 00:00:00 UTC'), date_format(timestamp'2020-01-01 12:00:00', 'XXX XXXXX ZZZZZ O OOOO x xx xxxx Z');
