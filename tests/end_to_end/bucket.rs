//! Tables in an S3-compatible store: moto, a real HTTP server that `tests/s3/install` brings from PyPI.

use std::path::{Path, PathBuf};

use casemate_tests::data;
use casemate_tests::deployment::{Deployment, Plan};
use casemate_tests::process::{self, Server};
use casemate_wire::storage::{ErrorCode, Request, Response, read_response, write_request};
use casemate_wire::transport;

use crate::{ONE, PROGRAMS, small_tables};

const CREDENTIALS: &[(&str, &str)] =
    &[("AWS_ACCESS_KEY_ID", "parent"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_REGION", "us-east-1")];

/// A store with the objects of a folder below `s3://tables/sales`, and a deployment that reads them.
struct Bucket {
    deployment: Deployment,
    store: Server,
    _folder: tempfile::TempDir,
}

impl Bucket {
    async fn of(folder: &Path, url: &str) -> Self {
        let scripts = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/s3"));
        process::run::<&str>(&scripts.join("install"), &[], "").await.success();
        let python = scripts.join("../../target/moto/bin/python");
        let logs = tempfile::tempdir().unwrap();
        let serve = [scripts.join("serve.py"), folder.to_owned()];
        let store = Server::start(&python, &serve, &logs.path().join("store.log")).await;
        let endpoint = format!("--s3-endpoint={}", store.address);
        let plan = Plan::new(PROGRAMS, Path::new(url)).parent(&[endpoint], CREDENTIALS);
        Self { deployment: plan.start().await, store, _folder: logs }
    }

    async fn ask(&self, request: Request) -> Response {
        let mut io = transport::connect(&self.deployment.storage_address).await.unwrap();
        write_request(&mut io, 1, &request).await.unwrap();
        read_response(&mut io).await.unwrap().expect("a response").1
    }

    async fn refusal(&self, request: Request) -> ErrorCode {
        match self.ask(request).await {
            Response::Error { code, .. } => code,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn encrypted_tables_of_a_bucket_answer_queries() {
    let bucket = Bucket::of(&small_tables(), "s3://tables/sales").await;
    let finished = bucket.deployment.client("sql", &["--format=csv", "-e", ONE]).await;
    assert_eq!(finished.success(), "n_name\nGERMANY\n");
    let rows = "SELECT count(*) AS n, sum(l_quantity) AS q FROM parquet.`lineitem.parquet`";
    let from_bucket = bucket.deployment.client("sql", &["--format=csv", "-e", rows]).await.success();
    let directory = Plan::new(PROGRAMS, &small_tables()).start().await;
    assert_eq!(from_bucket, directory.client("sql", &["--format=csv", "-e", rows]).await.success());
}

#[tokio::test]
async fn only_objects_below_the_prefix_are_listed_and_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("t")).unwrap();
    data::write_canary_table(&folder.path().join("t/one.parquet"), true);
    let bucket = Bucket::of(folder.path(), "s3://tables/sales/").await;

    let Response::Listing(files) = bucket.ask(Request::List { prefix: String::new() }).await else { panic!() };
    let names: Vec<_> = files.iter().map(|file| file.path.as_str()).filter(|path| path.contains('.')).collect();
    assert_eq!(names, ["t/one.parquet"], "{files:?}");
    let size = std::fs::metadata(folder.path().join("t/one.parquet")).unwrap().len();
    let Response::Meta(meta) = bucket.ask(Request::Head { path: "t/one.parquet".into() }).await else { panic!() };
    assert_eq!((meta.path.as_str(), meta.size), ("t/one.parquet", size));
    let get = |path: &str, start, end| Request::Get { path: path.into(), start, end };
    let Response::Data(bytes) = bucket.ask(get("t/one.parquet", size - 4, size)).await else { panic!() };
    assert_eq!(&bytes[..], b"PARE");

    for path in ["../outside.csv", "t/../../outside.csv", "/outside.csv", "", "t//one.parquet"] {
        assert_eq!(bucket.refusal(get(path, 0, 1)).await, ErrorCode::BadRequest, "{path}");
        assert_eq!(bucket.refusal(Request::Head { path: path.into() }).await, ErrorCode::BadRequest, "{path}");
    }
    assert_eq!(bucket.refusal(get("outside.csv", 0, 1)).await, ErrorCode::NotFound);
    assert_eq!(bucket.refusal(get("t/one.parquet", size - 1, size + 1)).await, ErrorCode::BadRequest);
    assert_eq!(bucket.refusal(get("t/one.parquet", 0, u64::MAX)).await, ErrorCode::BadRequest);
}

#[tokio::test]
async fn a_name_that_no_path_has_is_an_error_of_the_listing_and_of_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let bucket = Bucket::of(folder.path(), "s3://tables/odd").await;
    assert_eq!(bucket.refusal(Request::List { prefix: String::new() }).await, ErrorCode::Internal);
    let Response::Meta(meta) = bucket.ask(Request::Head { path: "plain.csv".into() }).await else { panic!() };
    assert_eq!((meta.path.as_str(), meta.size), ("plain.csv", 1));
}

#[tokio::test]
async fn a_store_that_is_gone_is_an_error_for_the_query_and_for_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    data::write_canary_table(&folder.path().join("one.parquet"), true);
    let mut bucket = Bucket::of(folder.path(), "s3://tables/sales").await;
    let query = ["-e", "SELECT count(*) FROM parquet.`one.parquet`"];
    bucket.deployment.client("sql", &query).await.success();
    bucket.store.kill().await;
    let text = bucket.deployment.client("sql", &query).await.failure(1);
    assert!(text.contains("one.parquet"), "{text}");
    assert!(bucket.deployment.parent.is_running() && bucket.deployment.engine.is_running());
    bucket.deployment.client("sql", &["-e", "SELECT 1"]).await.success();
}
