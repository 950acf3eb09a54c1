-- SET TIME ZONE with more than 18 hours.
SET TIME ZONE INTERVAL '19' HOUR;
select current_timezone();
