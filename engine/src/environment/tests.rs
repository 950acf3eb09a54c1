//! What a session's queries can reach, seen through plain DataFusion: encrypted and plain Parquet from the
//! parent, memory, and no disk.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use casemate_wire::data_policy::DataPolicy;
use casemate_wire::keys::{DataKey, DataKeys};
use datafusion::common::DataFusionError;
use datafusion::execution::memory_pool::MemoryPool;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext, col};
use parquet::arrow::ArrowWriter;
use parquet::encryption::encrypt::FileEncryptionProperties;
use parquet::file::properties::WriterProperties;
use sealed_parquet::KeyError;
use spark_compat::error::SparkError;
use tokio::runtime::Handle;

use super::*;
use crate::failure::query_failure;
use crate::memory::{Budget, BudgetKind};
use crate::storage::{STORAGE_URL, StorageOptions};
use crate::testing::{Files, MemoryParent};

const KEY: [u8; 16] = *b"0123456789abcdef";
const ROWS: usize = 10_000;
const FILE: &str = "t/part-0.parquet";

fn table() -> RecordBatch {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..ROWS as i64));
    let words: ArrayRef = Arc::new(StringArray::from_iter_values((0..ROWS).map(|row| format!("plainword-{row}"))));
    RecordBatch::try_from_iter([("n", numbers), ("w", words)]).unwrap()
}

/// The table as Parquet, encrypted with [`KEY`] under `key_id` if there is one.
fn parquet_file(key_id: Option<&str>) -> Vec<u8> {
    let mut properties = WriterProperties::builder().set_max_row_group_row_count(Some(4096));
    if let Some(id) = key_id {
        let encryption =
            FileEncryptionProperties::builder(KEY.to_vec()).with_footer_key_metadata(id.as_bytes().to_vec()).build();
        properties = properties.with_file_encryption_properties(encryption.unwrap());
    }
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, table().schema(), Some(properties.build())).unwrap();
    writer.write(&table()).unwrap();
    writer.close().unwrap();
    file
}

fn environment(file: Vec<u8>, keys: &[(&str, [u8; 16])], memory_limit: u64) -> Environment {
    environment_of(Arc::new(Mutex::new(BTreeMap::from([(FILE.to_owned(), file.into())]))), keys, memory_limit)
}

fn environment_of(files: Files, keys: &[(&str, [u8; 16])], memory_limit: u64) -> Environment {
    let mut data_keys = DataKeys::new();
    for (id, key) in keys {
        data_keys.insert(*id, DataKey::new(key).unwrap()).unwrap();
    }
    let storage = StorageClient::new(Arc::new(MemoryParent(files)), Handle::current(), StorageOptions::default());
    let memory = SessionPool::new(Budget::new(BudgetKind::Engine, memory_limit), None);
    Environment::new(memory, storage, Keyring::new(data_keys), Datasets::new(DataPolicy::allow_all())).unwrap()
}

fn context(environment: &Environment) -> SessionContext {
    let mut config = SessionConfig::new().with_target_partitions(2);
    // As the engine's sessions have it: the store reads ahead.
    config.options_mut().execution.parquet.metadata_size_hint = None;
    SessionContext::new_with_config_rt(config, Arc::clone(&environment.runtime))
}

async fn count_rows_over(environment: &Environment, threshold: i64) -> Result<usize, DataFusionError> {
    let path = format!("{STORAGE_URL}t/");
    let frame = context(environment).read_parquet(path, ParquetReadOptions::default()).await?;
    let batches = frame.filter(col("n").gt_eq(datafusion::prelude::lit(threshold)))?.collect().await?;
    Ok(batches.iter().map(RecordBatch::num_rows).sum())
}

fn explained(error: DataFusionError, environment: &Environment) -> (String, String) {
    let failure =
        query_failure(&SparkError::from(error), &environment.memory, &environment.keyring, &environment.datasets);
    (failure.kind, failure.message)
}

const PLENTY: u64 = 1 << 30;

#[tokio::test]
async fn an_encrypted_table_is_read_with_the_key_that_it_names() {
    let file = parquet_file(Some("orders"));
    assert!(!file.windows(9).any(|window| window == b"plainword"));
    let environment = environment(file, &[("other", [1; 16]), ("orders", KEY)], PLENTY);
    assert_eq!(count_rows_over(&environment, 9_000).await.unwrap(), 1_000);
    assert_eq!(environment.memory.reserved(), 0);
}

#[tokio::test]
async fn a_plain_table_is_read_by_a_session_with_keys_and_by_one_without() {
    for keys in [&[("orders", KEY)][..], &[]] {
        let environment = environment(parquet_file(None), keys, PLENTY);
        assert_eq!(count_rows_over(&environment, 0).await.unwrap(), ROWS);
        assert_eq!(environment.memory.reserved(), 0);
    }
}

#[tokio::test]
async fn a_file_that_is_added_or_taken_away_between_queries_is_seen() {
    let files = Files::default();
    let put = |name: &str| files.lock().unwrap().insert(name.to_owned(), parquet_file(None).into());
    put(FILE);
    let environment = environment_of(Arc::clone(&files), &[], PLENTY);
    assert_eq!(count_rows_over(&environment, 0).await.unwrap(), ROWS);
    put("t/part-1.parquet");
    assert_eq!(count_rows_over(&environment, 0).await.unwrap(), 2 * ROWS);
    files.lock().unwrap().remove(FILE);
    assert_eq!(count_rows_over(&environment, 0).await.unwrap(), ROWS);
}

#[tokio::test]
async fn a_missing_key_is_an_error_that_names_it() {
    for keys in [&[("other", KEY)][..], &[]] {
        let environment = environment(parquet_file(Some("orders")), keys, PLENTY);
        let error = count_rows_over(&environment, 0).await.unwrap_err();
        let (kind, message) = explained(error, &environment);
        assert_eq!((kind, message), ("key".to_owned(), KeyError::Missing { id: "orders".into() }.to_string()));
    }
}

#[tokio::test]
async fn a_wrong_key_is_an_error_that_names_it() {
    let environment = environment(parquet_file(Some("orders")), &[("orders", [9; 16])], PLENTY);
    let error = count_rows_over(&environment, 0).await.unwrap_err();
    let (kind, message) = explained(error, &environment);
    assert_eq!(kind, "key");
    assert!(message.contains("'orders'"), "{message}");
}

#[tokio::test]
async fn a_forgotten_key_opens_nothing() {
    let environment = environment(parquet_file(Some("orders")), &[("orders", KEY)], PLENTY);
    environment.keyring.forget();
    assert!(count_rows_over(&environment, 0).await.is_err());
}

#[tokio::test]
async fn an_altered_encrypted_table_is_never_read_as_if_it_were_whole() {
    let file = parquet_file(Some("orders"));
    // Every part of the file: pages, indexes, footer, its length and the magic at the end.
    let places = (4..file.len()).step_by(file.len() / 40).chain(file.len() - 12..file.len());
    for place in places {
        let mut altered = file.clone();
        altered[place] ^= 0x41;
        let environment = environment(altered, &[("orders", KEY)], PLENTY);
        // In a task of its own, as the engine does it: the Parquet library panics on some lengths.
        let read = tokio::spawn(async move { count_rows_over(&environment, 0).await });
        if let Ok(Ok(rows)) = read.await {
            panic!("{rows} rows were read although byte {place} of {} is another", file.len());
        }
    }
}

#[tokio::test]
async fn no_file_of_the_machine_can_be_read() {
    let environment = environment(parquet_file(None), &[], PLENTY);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    std::fs::write(&path, parquet_file(None)).unwrap();
    for name in [format!("file://{}", path.display()), path.display().to_string()] {
        let read = context(&environment).read_parquet(name.as_str(), ParquetReadOptions::default()).await;
        let error = read.map(drop).unwrap_err().to_string();
        assert!(error.contains("data folder"), "{error}");
    }
}

#[tokio::test]
async fn a_sort_beyond_the_memory_limit_is_an_error_and_writes_no_file() {
    let environment = environment(parquet_file(None), &[], 300 << 10);
    let path = format!("{STORAGE_URL}t/");
    let frame = context(&environment).read_parquet(path, ParquetReadOptions::default()).await.unwrap();
    let error = frame.sort_by(vec![col("w")]).unwrap().collect().await.unwrap_err();
    let (kind, message) = explained(error, &environment);
    assert_eq!(kind, "memory");
    assert!(message.contains("300 KiB") && message.contains("--memory-limit"), "{message}");
    assert!(environment.runtime.disk_manager.temp_dir_paths().is_empty());
}
