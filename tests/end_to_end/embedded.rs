//! The engine inside the command itself: folders of files for a quick look, and requests of test suites.

use std::fs;
use std::path::Path;

use casemate_tests::data::{self, CANARY_COLUMN};
use casemate_tests::process::{self, Finished};
use serde_json::{Value as Json, json};

use crate::PROGRAMS;

async fn casemate(arguments: &[&str], stdin: &str) -> Finished {
    process::run(Path::new(PROGRAMS.casemate), arguments, stdin).await
}

/// `casemate sql -e SQL` on a folder, without a server.
async fn sql(data: &Path, sql: &str) -> Finished {
    casemate(&["sql", "--data", data.to_str().unwrap(), "--format=csv", "-e", sql], "").await
}

/// A folder with a Parquet file and a CSV file.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    data::write_canary_table(&folder.path().join("t.parquet"), false);
    fs::write(folder.path().join("people.csv"), "name,age\n\"Lovelace, Ada\",36\nTuring,41\n,\n").unwrap();
    folder
}

#[tokio::test]
async fn a_folder_of_csv_files_is_queried_without_any_set_up() {
    let folder = folder();
    let script =
        "CREATE TEMPORARY VIEW people USING csv OPTIONS (path 'people.csv', header 'true', inferSchema 'true');
                  SELECT name, age + 1 AS next FROM people ORDER BY age DESC";
    let output = sql(folder.path(), script).await.success();
    assert_eq!(output, "name,next\nTuring,42\n\"Lovelace, Ada\",37\n,\n");
}

#[tokio::test]
async fn the_embedded_engine_says_on_stderr_that_it_is_simulated() {
    let folder = folder();
    let finished = sql(folder.path(), "SELECT 1 AS one").await;
    assert!(finished.stderr.contains("SIMULATED"), "{}", finished.stderr);
    assert_eq!(finished.success(), "one\n1\n");
}

#[tokio::test]
async fn no_statement_writes_into_the_folder() {
    let folder = folder();
    let before = listing(folder.path());
    let select = format!("SELECT {CANARY_COLUMN} FROM parquet.`t.parquet`");
    for statement in [
        format!("CREATE TABLE copied USING parquet AS {select}"),
        format!("CREATE TABLE copied AS {select}"),
        format!("INSERT INTO parquet.`t.parquet` {select}"),
        format!("INSERT OVERWRITE DIRECTORY 'out' USING parquet {select}"),
        "CREATE TABLE made (a INT) USING csv".to_owned(),
        "TRUNCATE TABLE parquet.`t.parquet`".to_owned(),
        "DELETE FROM parquet.`t.parquet`".to_owned(),
        "DROP TABLE parquet.`t.parquet`".to_owned(),
        "ALTER TABLE parquet.`t.parquet` RENAME TO u".to_owned(),
        format!("COPY ({select}) TO 'out.parquet'"),
        "CREATE EXTERNAL TABLE e STORED AS PARQUET LOCATION 'e'".to_owned(),
    ] {
        let stderr = sql(folder.path(), &statement).await.failure(1);
        assert!(!stderr.contains("panic"), "{statement}: {stderr}");
        assert_eq!(listing(folder.path()), before, "{statement} changed the folder");
    }
}

/// Names and contents of a folder's files.
fn listing(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.map(|path| (path.display().to_string(), fs::read(&path).unwrap_or_default())).collect();
    files.sort();
    files
}

#[tokio::test]
async fn requests_of_a_test_suite_are_answered_in_order_each_in_a_fresh_session() {
    let requests = [
        json!({"id": "view", "setup": ["CREATE TEMPORARY VIEW v AS SELECT 7 AS a, 'x' AS b"], "query": "SELECT * FROM v"}),
        json!({"id": "gone", "query": "SELECT * FROM v"}),
        json!({"id": {"any": "value"}, "query": "SELECT 1.50 AS d, NULL AS n, double('NaN') AS f, X'00AB' AS b, DATE '2021-03-09' AS t"}),
        json!({"id": "setting", "setup": ["SET spark.sql.session.timeZone=America/Los_Angeles"],
            "query": "SELECT TIMESTAMP '2021-03-09 10:11:12' AS t"}),
        json!({"id": "bad setup", "setup": ["SELECT nothing FROM nowhere"], "query": "SELECT 1"}),
        json!({"id": "bad", "query": "SELEC"}),
        json!({"id": "last", "query": "SELECT 1 AS a"}),
    ];
    let mut input: String = requests.iter().map(|request| format!("{request}\n")).collect();
    input.push_str("this is no request\n\n");
    let output = casemate(&["statements", "--time-zone=UTC"], &input).await.success();
    let answers: Vec<Json> = output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();

    assert_eq!(answers[0], json!({"id": "view", "schema": [["a", "int"], ["b", "string"]], "rows": [[7, "x"]]}));
    assert_eq!(answers[2]["id"], json!({"any": "value"}));
    assert_eq!(answers[2]["rows"], json!([["1.50", null, "NaN", "00ab", "2021-03-09"]]));
    assert_eq!(answers[3]["rows"], json!([["2021-03-09T10:11:12.000000"]]));
    for (at, id) in [(1, json!("gone")), (4, json!("bad setup")), (5, json!("bad"))] {
        assert_eq!(answers[at]["id"], id);
        assert!(answers[at]["error"].as_str().is_some_and(|error| !error.is_empty()), "{}", answers[at]);
    }
    assert_eq!(answers[6], json!({"id": "last", "schema": [["a", "int"]], "rows": [[1]]}));
    assert!(answers[7]["error"].as_str().unwrap().contains("not a request"), "{}", answers[7]);
    assert_eq!(answers.len(), 8);
}
