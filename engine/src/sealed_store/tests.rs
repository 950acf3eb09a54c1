//! Files of Spark and pyarrow through DataFusion, which knows nothing of their encryption.

use std::fs;
use std::path::PathBuf;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use casemate_wire::keys::{DataKey, DataKeys};
use datafusion::execution::memory_pool::{MemoryPool, UnboundedMemoryPool};
use datafusion::prelude::{CsvReadOptions, ParquetReadOptions, SessionConfig, SessionContext};
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use url::Url;

use super::*;

/// Files that other writers made, see `sealed-parquet/interop`.
fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../sealed-parquet/tests/files")
}

fn keyring(masters: &[&str]) -> Arc<Keyring> {
    let known: [(&str, &[u8]); 3] = [
        ("footer", b"footer-key-16-by"),
        ("names", b"names-key-of-twenty-four"),
        ("money", b"money-key-of-thirty-two-bytes-.."),
    ];
    let mut keys = DataKeys::new();
    for (id, key) in known.iter().filter(|(id, _)| masters.contains(id)) {
        keys.insert_master(*id, DataKey::new(key).unwrap()).unwrap();
    }
    keys.insert("uniform", DataKey::new(b"data-key-of-thirty-two-bytes-...").unwrap()).unwrap();
    keys.insert_aad_prefix("spark-uniform-prefix-supplied.parquet", b"sales/2024").unwrap();
    Keyring::new(keys)
}

/// All files, and what reads them.
struct Reader {
    files: Arc<InMemory>,
    keyring: Arc<Keyring>,
    memory: Arc<dyn MemoryPool>,
    context: SessionContext,
}

async fn reader(masters: &[&str]) -> Reader {
    let files = Arc::new(InMemory::new());
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        files.put(&Path::from(name), fs::read(&path).unwrap().into()).await.unwrap();
    }
    let (keyring, memory): (_, Arc<dyn MemoryPool>) = (keyring(masters), Arc::new(UnboundedMemoryPool::default()));
    let store =
        SealedStore::new(Arc::clone(&files) as _, Arc::clone(&keyring), Buffers::new(Arc::clone(&memory)), 1 << 20);
    let mut config = SessionConfig::new().with_target_partitions(2);
    config.options_mut().execution.parquet.metadata_size_hint = None;
    // Every page that can be skipped is, so that reading parts of a column is tried too.
    config.options_mut().execution.parquet.pushdown_filters = true;
    let context = SessionContext::new_with_config(config);
    context.register_object_store(&Url::parse("test://files/").unwrap(), Arc::new(store));
    Reader { files, keyring, memory, context }
}

impl Reader {
    async fn sql(&self, file: &str, query: &str) -> datafusion::common::Result<Vec<RecordBatch>> {
        let path = format!("test://files/{file}");
        let _ = self.context.deregister_table("t")?;
        self.context.register_parquet("t", path, ParquetReadOptions::default()).await?;
        self.context.sql(query).await?.collect().await
    }

    async fn number(&self, file: &str, query: &str) -> datafusion::common::Result<i64> {
        let batches = self.sql(file, query).await?;
        Ok(batches[0].column(0).as_primitive::<Int64Type>().value(0))
    }
}

fn names() -> Vec<String> {
    let names = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".parquet")).collect()
}

const ALL: [&str; 3] = ["footer", "names", "money"];

#[tokio::test]
async fn every_variant_answers_queries() {
    let reader = reader(&ALL).await;
    for name in names() {
        let sum = reader.number(&name, "SELECT CAST(sum(amount) * 100 AS BIGINT) FROM t").await.unwrap();
        assert_eq!(sum, 125 * (59 * 60 / 2), "{name}");
        let one = "SELECT sum(id) FROM t WHERE id >= 41 AND name = 'name-3' AND place['city'] = 'city-0'";
        assert_eq!(reader.number(&name, one).await.unwrap(), 45, "{name}");
        assert_eq!(reader.memory.reserved(), 0, "{name}");
    }
}

#[tokio::test]
async fn a_missing_column_key_fails_the_queries_that_need_it_and_no_other() {
    let reader = reader(&["footer", "names"]).await;
    for name in names().iter().filter(|name| !name.contains("uniform")) {
        for (query, expected) in [
            ("SELECT count(*) FROM t", 60),
            ("SELECT sum(id) FROM t WHERE name = 'name-3'", 279),
            ("SELECT count(note) FROM t WHERE id > 29", 20),
        ] {
            assert_eq!(reader.number(name, query).await.unwrap(), expected, "{name}: {query}");
        }
        for (query, column) in [
            ("SELECT sum(amount) FROM t", "amount"),
            ("SELECT id FROM t WHERE amount > 3", "amount"),
            ("SELECT place FROM t", "place.city"),
        ] {
            let error = reader.sql(name, query).await.unwrap_err().to_string();
            let problem = reader.keyring.take_problem().unwrap();
            assert!(error.contains(&problem.to_string()), "{error}");
            assert!(error.contains(&format!("'{column}'")) && error.contains("'money'"), "{name}: {error}");
        }
    }
}

#[tokio::test]
async fn key_material_that_is_missing_or_damaged_is_named() {
    let reader = reader(&ALL).await;
    let name = "spark-gcm-128-external.parquet";
    let material = Path::from(external_file_name(name));
    let count = "SELECT count(*) FROM t";
    reader.files.put(&material, "no JSON".into()).await.unwrap();
    let error = reader.number(name, count).await.unwrap_err().to_string();
    assert!(error.contains(material.as_ref()) && error.contains("not a JSON object"), "{error}");
    reader.files.delete(&material).await.unwrap();
    let error = reader.number(name, count).await.unwrap_err().to_string();
    assert!(error.contains(material.as_ref()) && error.contains("is missing"), "{error}");
}

#[tokio::test]
async fn other_files_pass_through_and_encrypted_ones_are_read_as_parquet_only() {
    let reader = reader(&ALL).await;
    reader.files.put(&Path::from("t.csv"), "a,b\n1,x\n2,PAR1".into()).await.unwrap();
    let csv = |path: &'static str| reader.context.read_csv(path, CsvReadOptions::default());
    let rows = csv("test://files/t.csv").await.unwrap().collect().await.unwrap();
    assert_eq!(rows.iter().map(RecordBatch::num_rows).sum::<usize>(), 2);

    let name = "spark-gcm-128.parquet";
    reader.files.copy(&Path::from(name), &Path::from("t2.csv")).await.unwrap();
    let error = match csv("test://files/t2.csv").await {
        Ok(frame) => frame.collect().await.unwrap_err(),
        Err(error) => error,
    };
    assert!(error.to_string().contains("read it as Parquet"), "{error}");
}

#[tokio::test]
async fn where_a_prefix_is_expected_no_other_file_is_read() {
    let reader = reader(&ALL).await;
    let expecting = "spark-uniform-prefix-supplied.parquet";
    let count = "SELECT count(*) FROM t";
    assert_eq!(reader.number(expecting, count).await.unwrap(), 60);
    reader.files.copy(&Path::from("spark-gcm-128.parquet"), &Path::from(expecting)).await.unwrap();
    let error = reader.number(expecting, count).await.unwrap_err().to_string();
    assert!(error.contains("was written without one"), "{error}");
    reader.files.put(&Path::from(expecting), "a,b\n1,2\n3,4\n".into()).await.unwrap();
    let error = reader.number(expecting, count).await.unwrap_err().to_string();
    assert!(error.contains("is not encrypted"), "{error}");
}

#[tokio::test]
async fn nothing_is_read_after_the_session() {
    let reader = reader(&ALL).await;
    let name = "spark-gcm-128.parquet";
    assert_eq!(reader.number(name, "SELECT count(*) FROM t").await.unwrap(), 60);
    reader.keyring.forget();
    assert!(reader.number(name, "SELECT sum(id) FROM t").await.is_err());
}

/// A store that forgets every file when it has opened the next one must not take another file for the same.
#[tokio::test]
async fn a_file_that_was_replaced_under_the_same_size_and_time_is_refused() {
    let files = super::open_files::OpenFiles::new(1);
    let open = |name: &str| {
        let bytes = fs::read(folder().join(name)).unwrap();
        let place = FooterPlace::find(bytes.len() as u64, bytes.last_chunk().unwrap()).unwrap().unwrap();
        let footer = &bytes[place.range.start as usize..place.range.end as usize];
        let footer = Footer::parse(footer, place.encrypted).unwrap().unwrap();
        let sealed = footer.open(place.range, keyring(&ALL).as_ref(), None, None).unwrap();
        let last_modified = chrono::DateTime::from_timestamp_millis(0).unwrap();
        let meta = ObjectMeta { location: Path::from("t"), last_modified, size: 1, e_tag: None, version: None };
        OpenFile::new(meta, 1, &[], Some(sealed))
    };
    assert!(files.insert(open("spark-gcm-128.parquet")).is_some());
    assert!(files.insert(open("spark-gcm-128.parquet")).is_some());
    assert!(files.insert(open("spark-gcm-256-single.parquet")).is_none());
}
