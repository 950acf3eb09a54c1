-- SET TIME ZONE with a region.
SET TIME ZONE 'Asia/Tokyo';
select current_timezone(), timestamp'2020-01-01 00:00:00 UTC', cast('2020-01-01' as timestamp);
