//! Results on their way out: every format says the same, and a result that is kept sealed opens later, unchanged or not at all.

use std::fs::{self, File};
use std::path::Path;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use arrow::ipc::reader::FileReader;
use casemate_tests::deployment::{Deployment, Plan};
use casemate_tests::process::Finished;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::{MANY_ROWS, PROGRAMS, small_tables};

const NATIONS: &str =
    "SELECT n_nationkey, n_name FROM parquet.`nation.parquet` WHERE n_nationkey < 3 ORDER BY n_nationkey";

async fn deployment() -> Deployment {
    Plan::new(PROGRAMS, &small_tables()).start().await
}

async fn save(deployment: &Deployment, sql: &str, format: &str, out: &Path) {
    deployment.client("sql", &["-e", sql, "--format", format, "-o", out.to_str().unwrap()]).await.success();
}

fn keys_and_names(batches: &[RecordBatch]) -> Vec<(i64, String)> {
    let rows = batches.iter().flat_map(|batch| {
        let keys = batch.column(0).as_primitive::<Int64Type>();
        let names = batch.column(1).as_string::<i32>();
        keys.values().iter().copied().zip(names.iter().map(|name| name.unwrap().to_owned())).collect::<Vec<_>>()
    });
    rows.collect()
}

#[tokio::test]
async fn text_formats_print_the_rows() {
    let deployment = deployment().await;
    let csv = deployment.client("sql", &["-e", NATIONS, "--format=csv"]).await.success();
    assert_eq!(csv, "n_nationkey,n_name\n0,ALGERIA\n1,ARGENTINA\n2,BRAZIL\n");
    let json = deployment.client("sql", &["-e", NATIONS, "--format=json"]).await.success();
    assert_eq!(json.lines().next(), Some(r#"{"n_nationkey":0,"n_name":"ALGERIA"}"#));
    let table = deployment.client("sql", &["-e", NATIONS]).await.success();
    assert!(["n_nationkey", "ALGERIA", "BRAZIL"].iter().all(|text| table.contains(text)), "{table}");
}

#[tokio::test]
async fn arrow_and_parquet_files_hold_the_rows() {
    let deployment = deployment().await;
    let expected: Vec<(i64, String)> = (0..).zip(["ALGERIA", "ARGENTINA", "BRAZIL"].map(str::to_owned)).collect();

    let arrow = deployment.file("out.arrow");
    save(&deployment, NATIONS, "arrow", &arrow).await;
    let batches: Vec<_> = FileReader::try_new(File::open(arrow).unwrap(), None).unwrap().map(Result::unwrap).collect();
    assert_eq!(keys_and_names(&batches), expected);

    let parquet = deployment.file("out.parquet");
    save(&deployment, NATIONS, "parquet", &parquet).await;
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(parquet).unwrap()).unwrap().build().unwrap();
    let batches: Vec<_> = reader.map(Result::unwrap).collect();
    assert_eq!(keys_and_names(&batches), expected);
}

/// A result that was kept sealed.
async fn sealed(deployment: &Deployment) -> std::path::PathBuf {
    let path = deployment.file("result.sealed");
    deployment.client("sql", &["-e", MANY_ROWS, "--sealed", "-o", path.to_str().unwrap()]).await.success();
    path
}

async fn open(deployment: &Deployment, path: &Path, arguments: &[&str]) -> Finished {
    let keys = deployment.file("keys.json");
    let mut all = vec!["open", path.to_str().unwrap(), "--keys", keys.to_str().unwrap(), "--format=csv"];
    all.extend(arguments);
    deployment.casemate(&all).await
}

#[tokio::test]
async fn a_result_that_was_kept_sealed_opens_to_what_it_would_have_been() {
    let mut deployment = deployment().await;
    let path = sealed(&deployment).await;
    let direct = deployment.client("sql", &["-e", MANY_ROWS, "--format=csv"]).await.success();
    // Neither the engine nor the parent is needed any more.
    deployment.engine.stop().await;
    deployment.parent.stop().await;
    let opened = open(&deployment, &path, &[]).await.success();
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&opened), sorted(&direct));
}

#[tokio::test]
async fn a_sealed_result_that_was_cut_lengthened_or_changed_is_refused_whole() {
    let deployment = deployment().await;
    let path = sealed(&deployment).await;
    let good = fs::read(&path).unwrap();
    let half = good.len() / 2;
    let mut changed = good.clone();
    changed[half] ^= 1;
    let broken = [
        ("empty", Vec::new()),
        ("cut in its header", good[..10].to_vec()),
        ("cut in the middle", good[..half].to_vec()),
        ("without its last byte", good[..good.len() - 1].to_vec()),
        ("with a byte more", [&good[..], &[0]].concat()),
        ("with the result twice", [&good[..], &good[..]].concat()),
        ("with a changed bit", changed),
    ];
    let out = deployment.file("out.csv");
    for (how, bytes) in broken {
        fs::write(&path, bytes).unwrap();
        let finished = open(&deployment, &path, &["-o", out.to_str().unwrap()]).await;
        assert_ne!(finished.code, Some(0), "{how}");
        assert!(!finished.stderr.is_empty(), "{how}");
        assert!(!out.exists(), "{how}: something was written");
    }
}

#[tokio::test]
async fn a_sealed_result_does_not_open_with_other_keys() {
    let deployment = deployment().await;
    let path = sealed(&deployment).await;
    casemate_tests::engines::keys().save(&deployment.file("keys.json"), true).unwrap();
    let finished = open(&deployment, &path, &[]).await;
    assert_ne!(finished.code, Some(0));
    assert!(finished.stdout.is_empty() && finished.stderr.contains("key"), "{finished:?}");
}
