-- SET TIME ZONE without quotes.
SET TIME ZONE UTC;
select current_timezone();
