-- Zone ids as arguments: from_utc_timestamp, to_utc_timestamp, make_timestamp.
select from_utc_timestamp(timestamp'2016-08-31 00:00:00', 'Asia/Seoul'), to_utc_timestamp(timestamp'2016-08-31 00:00:00', 'Asia/Seoul'), from_utc_timestamp('2016-08-31', 'Asia/Seoul'), to_utc_timestamp(date'2016-08-31', 'Asia/Seoul');
select z, from_utc_timestamp(timestamp'2020-07-01 12:00:00', z), to_utc_timestamp(timestamp'2020-07-01 12:00:00', z) from values ('UTC'), ('GMT'), ('UT'), ('Z'), ('UTC+8'), ('GMT+08:00'), ('+08:00'), ('+8'), ('-8:00'), ('+08'), ('-0830'), ('UT-3') t(z);
select z, from_utc_timestamp(timestamp'2020-07-01 12:00:00', z) from values ('EST'), ('MST'), ('HST'), ('PST'), ('CST'), ('ACT'), ('AET'), ('AGT'), ('ART'), ('AST'), ('BET'), ('BST'), ('CAT'), ('CNT'), ('CTT'), ('EAT'), ('ECT'), ('IET'), ('IST'), ('JST'), ('MIT'), ('NET'), ('NST'), ('PLT'), ('PNT'), ('PRT'), ('SST'), ('VST') t(z);
select z, from_utc_timestamp(timestamp'2020-07-01 12:00:00', z) from values ('CET'), ('EET'), ('WET'), ('PST8PDT'), ('EST5EDT'), ('Cuba'), ('Etc/GMT+5'), ('Etc/UTC'), ('GMT0'), ('Zulu'), ('UCT'), ('Greenwich'), ('US/Pacific'), ('Asia/Calcutta'), ('Asia/Kathmandu'), ('Australia/Lord_Howe'), ('Pacific/Kiritimati'), ('America/Sao_Paulo') t(z);
select from_utc_timestamp(timestamp'2020-07-01 12:00:00', 'Nowhere/City');
select from_utc_timestamp(timestamp'2020-07-01 12:00:00', 'america/new_york');
select to_utc_timestamp(timestamp'2020-07-01 12:00:00', '');
select to_utc_timestamp(timestamp'2020-07-01 12:00:00', '+19:00');
select to_utc_timestamp(t, z) from values (timestamp'2020-07-01 12:00:00', 'EDT') v(t, z);
select from_utc_timestamp(timestamp'2020-07-01 12:00:00', null), to_utc_timestamp(null, 'UTC'), from_utc_timestamp('x', 'UTC');
select to_utc_timestamp(t, 'America/New_York'), from_utc_timestamp(t, 'America/New_York') from values (timestamp'2020-03-08 02:30:00'), (timestamp'2020-11-01 01:30:00'), (timestamp'2020-11-01 05:30:00'), (timestamp'1800-01-01 00:00:00'), (timestamp'2999-07-01 00:00:00') v(t) order by t;
select to_utc_timestamp(t, 'Australia/Lord_Howe'), to_utc_timestamp(t, 'Pacific/Apia') from values (timestamp'2020-04-05 01:45:00'), (timestamp'2020-10-04 02:15:00'), (timestamp'2011-12-30 12:00:00') v(t) order by t;
select from_utc_timestamp(timestamp'2020-07-01 12:00:00', 5);
select from_utc_timestamp(timestamp'1970-01-01 00:00:00', 'Africa/Monrovia'), from_utc_timestamp(timestamp'1911-03-11 00:00:00', 'Europe/Paris');
select from_utc_timestamp(timestamp'2020-01-01 00:00:00', 'Europe/Dublin'), from_utc_timestamp(timestamp'2020-07-01 00:00:00', 'Europe/Dublin'), from_utc_timestamp(timestamp'2022-07-01 00:00:00', 'Europe/Kiev'), from_utc_timestamp(timestamp'2050-07-01 00:00:00', 'America/Chihuahua'), from_utc_timestamp(timestamp'2020-07-01 00:00:00', 'Asia/Tehran');
