//! Tables as they lie on the parent's disk: one file or a folder of them, encrypted or not.

use std::fs;
use std::path::Path;

use casemate_tests::data::{self, CANARY_COLUMN, CANARY_VALUES};
use casemate_tests::deployment::{Deployment, Plan};

use crate::PROGRAMS;

async fn deployment(data: &Path) -> Deployment {
    Plan::new(PROGRAMS, data).start().await
}

async fn csv(deployment: &Deployment, sql: &str) -> String {
    deployment.client("sql", &["-e", sql, "--format=csv"]).await.success()
}

#[tokio::test]
async fn a_folder_of_parquet_files_is_one_table_and_what_spark_hides_in_it_is_none() {
    let data = tempfile::tempdir().unwrap();
    let table = data.path().join("sales/table");
    fs::create_dir_all(&table).unwrap();
    data::write_canary_table(&table.join("part-00000.snappy.parquet"), true);
    data::write_canary_table(&table.join("part-00001.snappy.parquet"), false);
    fs::write(table.join("_SUCCESS"), "").unwrap();
    fs::write(table.join(".part-00000.snappy.parquet.crc"), "crc").unwrap();

    let deployment = deployment(data.path()).await;
    let sql = format!("SELECT {CANARY_COLUMN}, count(*) AS n FROM parquet.`sales/table` GROUP BY {CANARY_COLUMN}");
    let output = csv(&deployment, &sql).await;
    assert_eq!(output.lines().count(), 1 + CANARY_VALUES.len(), "{output}");
    assert!(output.lines().skip(1).all(|line| line.ends_with(",2")), "{output}");
}

#[tokio::test]
async fn a_view_lives_as_long_as_its_session_and_belongs_to_it_alone() {
    let data = tempfile::tempdir().unwrap();
    data::write_canary_table(&data.path().join("t.parquet"), true);
    let deployment = deployment(data.path()).await;
    let (mut one, mut other) = (deployment.connect().await, deployment.connect().await);
    let create = "CREATE TEMPORARY VIEW mine USING parquet OPTIONS (path 't.parquet')";
    one.query(create).await.unwrap().collect().await.unwrap();
    let select = "SELECT count(*) FROM mine";
    one.query(select).await.unwrap().collect().await.unwrap();
    assert!(other.query(select).await.unwrap().collect().await.is_err());
    other.query(create).await.unwrap().collect().await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_written_while_the_session_lasts_is_seen_by_the_next_query() {
    let data = tempfile::tempdir().unwrap();
    let deployment = deployment(data.path()).await;
    let mut client = deployment.connect().await;
    let select = "SELECT count(*) AS n FROM parquet.`late.parquet`";
    assert!(client.query(select).await.unwrap().collect().await.is_err());
    data::write_canary_table(&data.path().join("late.parquet"), true);
    client.query(select).await.unwrap().collect().await.unwrap();
}
