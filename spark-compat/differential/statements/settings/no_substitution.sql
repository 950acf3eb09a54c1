SET x=1;
SET spark.sql.variable.substitute=false;
SELECT '${x}';
SELECT ${x};
SET y=${x};
