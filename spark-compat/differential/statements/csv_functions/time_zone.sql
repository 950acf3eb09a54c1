SET spark.sql.session.timeZone=America/New_York;
SELECT to_csv(named_struct('t', timestamp'2020-07-02 03:04:05')), from_csv('2020-01-02T03:04:05', 'a timestamp');
SELECT to_json(named_struct('t', timestamp'2020-07-02 03:04:05')), from_json('{"a":"2020-01-02T03:04:05"}', 'a timestamp');
SELECT to_json(named_struct('t', timestamp'1800-07-02 03:04:05'));
