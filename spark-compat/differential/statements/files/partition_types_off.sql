SET spark.sql.sources.partitionColumnTypeInference.enabled=false;
SELECT * FROM csv.`inferred/int`;
SELECT * FROM csv.`inferred/null`;
SELECT * FROM csv.`inferred/null_int`;
SELECT * FROM csv.`inferred/string`;
SELECT * FROM csv.`inferred/date`;
SELECT * FROM csv.`inferred/two`;
SELECT * FROM csv.`inferred/double`;
