//! Tables that are files: Parquet in a directory or alone, and paths that may not be read.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use spark_compat::ErrorKind;

use crate::support::{error, parquet_of, put, rows, run, session};

fn numbers(values: &[i64]) -> RecordBatch {
    let column: ArrayRef = Arc::new(Int64Array::from(values.to_vec()));
    RecordBatch::try_from_iter_with_nullable([("a", column, false)]).unwrap()
}

#[tokio::test]
async fn a_file_and_a_directory_are_read_by_their_path() {
    let (session, store) = session();
    put(&store, "one.parquet", parquet_of([numbers(&[1])])).await;
    put(&store, "many/b.parquet", parquet_of([numbers(&[2])])).await;
    put(&store, "many/a", parquet_of([numbers(&[3])])).await;
    assert_eq!(rows(&session, "SELECT a FROM parquet.`one.parquet`").await, ["1"]);
    assert_eq!(rows(&session, "SELECT a FROM parquet.`many` ORDER BY a").await, ["2", "3"]);
    assert_eq!(rows(&session, "SELECT x.a FROM PARQUET.`many/` x ORDER BY 1").await, ["2", "3"]);
}

#[tokio::test]
async fn rows_do_not_say_from_which_file_they_come() {
    let (session, store) = session();
    put(&store, "one.parquet", parquet_of([numbers(&[1])])).await;
    for query in [
        "SELECT input_file_name() FROM parquet.`one.parquet`",
        "SELECT a FROM parquet.`one.parquet` WHERE input_file_block_start() < 0",
        "SELECT input_file_name(), (SELECT max(a) FROM parquet.`one.parquet`)",
    ] {
        let refused = error(&session, query).await;
        assert_eq!(refused.kind, ErrorKind::Unsupported, "{query}");
        assert!(refused.message.contains("input_file_name"), "{query}: {refused}");
    }
}

#[tokio::test]
async fn statements_are_prepared_and_run_in_tasks_of_their_own() {
    let (session, store) = session();
    put(&store, "t/a.parquet", parquet_of([numbers(&[1])])).await;
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let session = session.clone();
            tokio::spawn(async move { rows(&session, "SELECT a FROM parquet.`t`").await })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), ["1"]);
    }
}

#[tokio::test]
async fn hidden_files_and_directories_below_are_not_read() {
    let (session, store) = session();
    put(&store, "t/part-0.parquet", parquet_of([numbers(&[1])])).await;
    put(&store, "t/_SUCCESS", vec![]).await;
    put(&store, "t/.part-0.parquet.crc", vec![0]).await;
    assert_eq!(rows(&session, "SELECT a FROM parquet.`t`").await, ["1"]);
    put(&store, "t/old/part-9.parquet", parquet_of([numbers(&[9])])).await;
    assert_eq!(rows(&session, "SELECT a FROM parquet.`t`").await, ["1"]);
}

#[tokio::test]
async fn a_path_sees_files_that_were_added_since() {
    let (session, store) = session();
    put(&store, "t/a.parquet", parquet_of([numbers(&[1])])).await;
    assert_eq!(rows(&session, "SELECT count(*) FROM parquet.`t`").await, ["1"]);
    put(&store, "t/b.parquet", parquet_of([numbers(&[2])])).await;
    assert_eq!(rows(&session, "SELECT count(*) FROM parquet.`t`").await, ["2"]);
}

#[tokio::test]
async fn the_first_file_by_path_gives_the_columns_and_others_fill_in_nulls() {
    let (session, store) = session();
    let names: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    let both =
        RecordBatch::try_from_iter([("a", Arc::new(Int64Array::from(vec![1])) as ArrayRef), ("b", names)]).unwrap();
    put(&store, "t/1.parquet", parquet_of([both])).await;
    put(&store, "t/2.parquet", parquet_of([numbers(&[2])])).await;
    assert_eq!(rows(&session, "SELECT * FROM parquet.`t` ORDER BY a").await, ["1|x", "2|null"]);
    assert_eq!(rows(&session, "SELECT a FROM parquet.`t` WHERE b IS NULL").await, ["2"]);
}

#[tokio::test]
async fn a_view_over_files_can_declare_its_columns() {
    let (session, store) = session();
    let column: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None]));
    put(&store, "t.parquet", parquet_of([RecordBatch::try_from_iter([("A", column)]).unwrap()])).await;
    run(&session, "CREATE TEMPORARY VIEW v (a bigint, b string) USING parquet OPTIONS (path 't.parquet')")
        .await
        .unwrap();
    let answer = run(&session, "SELECT * FROM v").await.unwrap();
    assert_eq!(answer.schema.iter().map(|(_, t)| t.as_str()).collect::<Vec<_>>(), ["bigint", "string"]);
    assert_eq!(rows(&session, "SELECT * FROM v").await, ["1|null", "null|null"]);
}

#[tokio::test]
async fn a_missing_path_is_an_error_that_names_it() {
    let (session, _) = session();
    assert_eq!(error(&session, "SELECT * FROM parquet.`nosuch`").await.message, "Path does not exist: nosuch");
    let refused = error(&session, "CREATE TEMPORARY VIEW v USING parquet OPTIONS (path 'no/such')").await;
    assert_eq!(refused.message, "Path does not exist: no/such");
}

#[tokio::test]
async fn nothing_outside_the_data_can_be_named() {
    let (session, store) = session();
    put(&store, "secret.parquet", parquet_of([numbers(&[1])])).await;
    for path in ["/etc/passwd", "../secret.parquet", "a/../../secret.parquet", "file:///etc/passwd", "s3://b/x"] {
        let refused = error(&session, &format!("SELECT * FROM parquet.`{path}`")).await;
        assert_eq!(refused.kind, ErrorKind::Analysis, "{path}: {refused}");
        let refused = error(&session, &format!("CREATE TEMPORARY VIEW v USING parquet OPTIONS (path '{path}')")).await;
        assert!(refused.message.contains("give a path relative to the data"), "{path}: {refused}");
    }
}

#[tokio::test]
async fn other_formats_are_refused_by_name() {
    let (session, _) = session();
    let refused = error(&session, "SELECT * FROM orc.`t`").await;
    assert_eq!(refused.message, "reading orc files: not supported yet");
    let refused = error(&session, "CREATE TEMPORARY VIEW v USING delta OPTIONS (path 't')").await;
    assert!(refused.message.contains("Failed to find data source: delta"), "{refused}");
    let refused = error(&session, "CREATE TEMPORARY VIEW v USING parquet OPTIONS (path 't', mergeSchema true)").await;
    assert!(refused.message.contains("mergeSchema"), "{refused}");
}

/// Puts an object whose name has escapes in it.
async fn put_as_named(store: &Arc<dyn ObjectStore>, path: &str, bytes: Vec<u8>) {
    store.put(&Path::parse(path).unwrap(), bytes.into()).await.unwrap();
}

#[tokio::test]
async fn folders_are_named_after_columns_that_come_last() {
    let (session, store) = session();
    put_as_named(&store, "t/k=1/s=a%2Fb/1.parquet", parquet_of([numbers(&[1, 2])])).await;
    put_as_named(&store, "t/k=3000000000/s=__HIVE_DEFAULT_PARTITION__/1.parquet", parquet_of([numbers(&[3])])).await;
    let answer = run(&session, "SELECT * FROM parquet.`t`").await.unwrap();
    let columns: Vec<_> = answer.schema.iter().map(|(name, data_type)| format!("{name} {data_type}")).collect();
    assert_eq!(columns, ["a bigint", "k bigint", "s string"]);
    assert_eq!(
        rows(&session, "SELECT * FROM parquet.`t` ORDER BY a").await,
        ["1|1|a/b", "2|1|a/b", "3|3000000000|null"]
    );
    assert_eq!(rows(&session, "SELECT count(s), count(*), max(k) FROM parquet.`t`").await, ["2|3|3000000000"]);
    assert_eq!(rows(&session, "SELECT a FROM parquet.`t` WHERE s IS NULL").await, ["3"]);
    assert_eq!(rows(&session, "SELECT * FROM parquet.`t/k=1` ORDER BY a").await, ["1|a/b", "2|a/b"]);
}

#[tokio::test]
async fn files_of_partitions_that_a_query_leaves_out_are_not_opened() {
    let (session, store) = session();
    put(&store, "t/year=2023/month=1/a.parquet", parquet_of([numbers(&[1])])).await;
    put(&store, "t/year=2024/month=1/a.parquet", b"not a parquet file at all".to_vec()).await;
    put(&store, "t/year=2024/month=2/a.parquet", parquet_of([numbers(&[2])])).await;
    for (condition, found) in [
        ("year = 2023", vec!["1"]),
        ("month > 1", vec!["2"]),
        ("year + month = 2026", vec!["2"]),
        ("concat(year, '/', month) IN ('2023/1', '2024/2')", vec!["1", "2"]),
        ("year < 2000", vec![]),
    ] {
        let sql = format!("SELECT a FROM parquet.`t` WHERE {condition} ORDER BY a");
        assert_eq!(rows(&session, &sql).await, found, "{condition}");
    }
    assert_eq!(error(&session, "SELECT a FROM parquet.`t` WHERE year = 2024").await.kind, ErrorKind::Storage);
}

#[tokio::test]
async fn a_column_of_the_files_that_is_a_partitions_too_has_the_value_of_the_partition() {
    let (session, store) = session();
    let both = RecordBatch::try_from_iter([
        ("k", Arc::new(Int64Array::from(vec![9])) as ArrayRef),
        ("v", Arc::new(StringArray::from(vec!["x"])) as ArrayRef),
    ]);
    put(&store, "t/k=7/1.parquet", parquet_of([both.unwrap()])).await;
    assert_eq!(rows(&session, "SELECT * FROM parquet.`t`").await, ["7|x"]);
    assert_eq!(rows(&session, "SELECT v FROM parquet.`t` WHERE k = 9").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_file_that_is_no_parquet_is_a_storage_error() {
    let (session, store) = session();
    put(&store, "t.parquet", b"not a parquet file at all".to_vec()).await;
    assert_eq!(error(&session, "SELECT * FROM parquet.`t.parquet`").await.kind, ErrorKind::Storage);
}
