//! Temporary views, settings, and what a session says about names it does not know.

use spark_compat::ErrorKind;

use crate::support::{error, rows, run, session};

#[tokio::test]
async fn a_view_stands_for_its_query_under_the_names_it_was_given() {
    let (session, _) = session();
    run(&session, "CREATE TEMPORARY VIEW v (x, y) AS SELECT 1, 'a'").await.unwrap();
    let answer = run(&session, "SELECT V.Y, x FROM v").await.unwrap();
    assert_eq!(answer.schema, [("Y".to_string(), "string".to_string()), ("x".into(), "int".into())]);
    assert_eq!(rows(&session, "SELECT a.x, b.x FROM v a JOIN v b ON a.x = b.x").await, ["1|1"]);
}

#[tokio::test]
async fn creating_a_view_twice_needs_or_replace() {
    let (session, _) = session();
    run(&session, "CREATE TEMPORARY VIEW v AS SELECT 1 a").await.unwrap();
    let refused = error(&session, "CREATE TEMPORARY VIEW V AS SELECT 2 a").await;
    assert!(refused.message.contains("already exists"), "{refused}");
    run(&session, "CREATE OR REPLACE TEMPORARY VIEW v AS SELECT 2 a").await.unwrap();
    assert_eq!(rows(&session, "SELECT a FROM v").await, ["2"]);
}

#[tokio::test]
async fn a_view_that_would_use_itself_is_refused() {
    let (session, _) = session();
    run(&session, "CREATE TEMPORARY VIEW a AS SELECT 1 x; CREATE TEMPORARY VIEW b AS SELECT * FROM a").await.unwrap();
    let refused = error(&session, "CREATE OR REPLACE TEMPORARY VIEW a AS SELECT x + 1 AS x FROM b").await;
    assert!(refused.message.contains("Recursive view `a`"), "{refused}");
    assert_eq!(rows(&session, "SELECT x FROM b").await, ["1"]);
}

#[tokio::test]
async fn a_view_whose_tables_changed_under_it_is_an_error() {
    let (session, _) = session();
    run(&session, "CREATE TEMPORARY VIEW a AS SELECT 1 x; CREATE TEMPORARY VIEW b AS SELECT * FROM a").await.unwrap();
    run(&session, "CREATE OR REPLACE TEMPORARY VIEW a AS SELECT 'one' x").await.unwrap();
    let refused = error(&session, "SELECT * FROM b").await;
    assert!(refused.message.contains("incompatible schema change"), "{refused}");
}

#[tokio::test]
async fn dropping_a_view_forgets_it() {
    let (session, _) = session();
    run(&session, "CREATE TEMPORARY VIEW lineitem AS SELECT 1 a; DROP VIEW LineItem; DROP VIEW IF EXISTS lineitem")
        .await
        .unwrap();
    assert_eq!(error(&session, "SELECT * FROM lineitem").await.message, "Table or view not found: lineitem");
    assert_eq!(error(&session, "DROP VIEW lineitem").await.kind, ErrorKind::Analysis);
}

#[tokio::test]
async fn a_missing_table_is_reported_with_its_place_and_the_nearest_names() {
    let (session, _) = session();
    run(&session, "CREATE TEMPORARY VIEW lineitem AS SELECT 1 a").await.unwrap();
    let missing = error(&session, "SELECT *\nFROM lineitems").await;
    assert_eq!(missing.message, "Table or view not found: lineitems; did you mean 'lineitem'?");
    assert_eq!(missing.position.map(|p| (p.line, p.column)), Some((2, 5)));
}

#[tokio::test]
async fn a_wrong_column_is_reported_with_its_place() {
    let (session, _) = session();
    let wrong = error(&session, "SELECT 1,\n  colour FROM VALUES (1) t(color)").await;
    assert_eq!(wrong.message, "cannot resolve 'colour' given input columns: [t.color]");
    assert_eq!(wrong.position.map(|p| (p.line, p.column)), Some((2, 2)));
}

#[tokio::test]
async fn sessions_do_not_share_views_and_clones_do() {
    let (first, _) = session();
    let (second, _) = session();
    run(&first, "CREATE TEMPORARY VIEW v AS SELECT 1 a").await.unwrap();
    assert_eq!(rows(&first.clone(), "SELECT a FROM v").await, ["1"]);
    assert_eq!(error(&second, "SELECT a FROM v").await.kind, ErrorKind::Analysis);
}

#[tokio::test]
async fn preparing_a_statement_has_no_effect_until_it_runs() {
    let (session, _) = session();
    let statement = spark_compat::parse_script("CREATE TEMPORARY VIEW v AS SELECT 1 a").unwrap().remove(0);
    let prepared = session.prepare(&statement).await.unwrap();
    assert!(prepared.schema().columns.is_empty());
    assert_eq!(error(&session, "SELECT a FROM v").await.kind, ErrorKind::Analysis);
    prepared.execute().await.unwrap();
    assert_eq!(rows(&session, "SELECT a FROM v").await, ["1"]);
}

#[tokio::test]
async fn results_have_plain_strings_the_users_names_and_sparks_types_in_their_schema() {
    use futures::TryStreamExt;
    let (session, _) = session();
    run(&session, "SET spark.sql.session.timeZone=Europe/Berlin").await.unwrap();
    let query = "SELECT 'text' AS a, 1.5 AS a, timestamp '2020-01-01 00:00:00' AS t";
    let prepared = session.prepare(&spark_compat::parse_script(query).unwrap().remove(0)).await.unwrap();
    let stream = prepared.execute().await.unwrap();
    let schema = stream.schema();
    assert_eq!(schema.metadata()["spark.timeZone"], "Europe/Berlin");
    let fields: Vec<_> = schema
        .fields()
        .iter()
        .map(|f| (f.name().as_str(), f.data_type().to_string(), f.metadata()["spark.type"].as_str()))
        .collect();
    assert_eq!(
        fields,
        [
            ("a", "Utf8".to_string(), "string"),
            ("a", "Decimal128(2, 1)".into(), "decimal(2,1)"),
            ("t", "Timestamp(µs, \"Europe/Berlin\")".into(), "timestamp"),
        ]
    );
    let batches: Vec<_> = stream.try_collect().await.unwrap();
    assert!(batches.iter().all(|batch| batch.schema() == schema));
}

#[tokio::test]
async fn the_time_zone_of_the_session_counts_and_a_view_keeps_its_own() {
    let (session, _) = session();
    run(
        &session,
        "SET TIME ZONE 'Asia/Tokyo'; CREATE TEMPORARY VIEW v AS SELECT cast('2020-01-01 09:00:00' as timestamp) t",
    )
    .await
    .unwrap();
    run(&session, "RESET spark.sql.session.timeZone").await.unwrap();
    assert_eq!(rows(&session, "SELECT t FROM v").await, ["2020-01-01T00:00:00.000000"]);
}

#[tokio::test]
async fn settings_that_are_not_known_are_refused_by_name() {
    let (session, _) = session();
    let refused = error(&session, "SET spark.sql.ansi.enabled=true").await;
    assert_eq!(refused.kind, ErrorKind::Unsupported);
    assert!(refused.message.contains("spark.sql.ansi.enabled=true"), "{refused}");
    assert!(error(&session, "SET spark.sql.nosuch=1").await.message.contains("spark.sql.nosuch"));
}

#[tokio::test]
async fn constructs_that_are_not_supported_are_named() {
    let (session, _) = session();
    let cases = [("SELECT java_method('java.lang.Math', 'abs', 1)", "the function java_method")];
    for (sql, construct) in cases {
        let refused = error(&session, sql).await;
        assert_eq!(refused.kind, ErrorKind::Unsupported, "{sql}: {refused}");
        assert!(refused.message.contains(construct), "{sql}: {refused}");
    }
}
