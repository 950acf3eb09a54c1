//! Statements that can't run: the client learns where and why, the exit code says so, and the session goes on.

use casemate_tests::deployment::{Deployment, Plan};
use casemate_tests::soon;

use crate::{ONE, PROGRAMS, small_tables};

async fn deployment() -> Deployment {
    Plan::new(PROGRAMS, &small_tables()).start().await
}

#[tokio::test]
async fn a_syntax_error_names_line_and_column_and_points_at_the_place() {
    let deployment = deployment().await;
    let stderr = deployment.client("sql", &["-e", "SELECT 1,\n  2 +\nFROM t"]).await.failure(1);
    assert!(stderr.contains("line 3"), "{stderr}");
    let lines: Vec<&str> = stderr.lines().collect();
    let text = lines.iter().position(|line| line.contains("FROM t")).unwrap_or_else(|| panic!("no text: {stderr}"));
    let caret = lines.get(text + 1).and_then(|line| line.find('^')).unwrap_or_else(|| panic!("no caret: {stderr}"));
    assert_eq!(caret, lines[text].find("FROM t").unwrap(), "{stderr}");
}

#[tokio::test]
async fn a_missing_table_is_an_error_with_the_nearest_names() {
    let deployment = deployment().await;
    let sql = "CREATE TEMPORARY VIEW lineitem USING parquet OPTIONS (path 'lineitem.parquet');
               CREATE TEMPORARY VIEW orders USING parquet OPTIONS (path 'orders.parquet');
               SELECT * FROM lineitm";
    let stderr = deployment.client("sql", &["-e", sql]).await.failure(1);
    assert!(stderr.contains("lineitm") && stderr.contains("lineitem"), "{stderr}");
}

#[tokio::test]
async fn a_missing_column_is_an_error_that_names_it() {
    let deployment = deployment().await;
    let sql = "SELECT n_nam FROM parquet.`nation.parquet`";
    let stderr = deployment.client("sql", &["-e", sql]).await.failure(1);
    assert!(stderr.contains("n_nam") && stderr.contains("n_name"), "{stderr}");
}

#[tokio::test]
async fn a_missing_file_is_an_error_that_names_it() {
    let deployment = deployment().await;
    let stderr = deployment.client("sql", &["-e", "SELECT * FROM parquet.`no/such.parquet`"]).await.failure(1);
    assert!(stderr.contains("no/such.parquet"), "{stderr}");
}

#[tokio::test]
async fn what_is_not_supported_is_an_error_that_names_the_construct() {
    let deployment = deployment().await;
    let sql = "SELECT no_such_function(1)";
    let stderr = deployment.client("sql", &["-e", sql]).await.failure(1);
    assert!(stderr.contains("no_such_function"), "{stderr}");
}

#[tokio::test]
async fn a_session_goes_on_after_every_kind_of_error() {
    let deployment = deployment().await;
    let mut client = deployment.connect().await;
    for sql in ["SELEC 1", "SELECT * FROM nowhere", "SELECT * FROM parquet.`nowhere.parquet`", "", ";", "SELECT (("] {
        // Nothing at all is no error; everything else is.
        let _ = soon("an answer", client.query(sql).await.unwrap().collect()).await;
        let results = soon("an answer", client.query(ONE).await.unwrap().collect()).await;
        assert_eq!(results.unwrap()[0].batches.len(), 1, "after {sql:?}");
    }
}

#[tokio::test]
async fn the_statements_before_a_failing_one_are_answered() {
    let deployment = deployment().await;
    let finished = deployment.client("sql", &["--format=csv", "-e", &format!("{ONE}; SELECT * FROM nowhere")]).await;
    assert_eq!(finished.code, Some(1));
    assert!(finished.stdout.contains("GERMANY"), "{finished:?}");
    assert!(finished.stderr.contains("nowhere"), "{finished:?}");
}
