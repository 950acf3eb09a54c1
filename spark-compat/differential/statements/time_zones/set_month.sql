-- SET TIME ZONE with months.
SET TIME ZONE INTERVAL '1' MONTH;
select current_timezone();
