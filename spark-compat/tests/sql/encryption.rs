//! Encrypted Parquet: read through the runtime's factory, with no key in any plan.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::common::config::EncryptionFactoryOptions;
use datafusion::execution::parquet_encryption::EncryptionFactory;
use datafusion::physical_plan::displayable;
use object_store::path::Path;
use parquet::arrow::ArrowWriter;
use parquet::encryption::decrypt::FileDecryptionProperties;
use parquet::encryption::encrypt::FileEncryptionProperties;
use parquet::file::properties::WriterProperties;
use spark_compat::{ErrorKind, SparkSessionOptions, parse_script};

use crate::support::{error, put, rows, session, session_with};

const KEY: &[u8; 16] = b"sixteen-byte-key";
const FACTORY: &str = "test keys";

/// Knows one key, which opens every file.
#[derive(Debug)]
struct OneKey;

#[async_trait::async_trait]
impl EncryptionFactory for OneKey {
    async fn get_file_encryption_properties(
        &self,
        _config: &EncryptionFactoryOptions,
        _schema: &SchemaRef,
        _path: &Path,
    ) -> Result<Option<Arc<FileEncryptionProperties>>> {
        Ok(None)
    }

    async fn get_file_decryption_properties(
        &self,
        _config: &EncryptionFactoryOptions,
        _path: &Path,
    ) -> Result<Option<Arc<FileDecryptionProperties>>> {
        Ok(Some(FileDecryptionProperties::builder(KEY.to_vec()).build()?))
    }
}

fn encrypted_file() -> Vec<u8> {
    let column: ArrayRef = Arc::new(Int64Array::from((0..1000).collect::<Vec<i64>>()));
    let batch = RecordBatch::try_from_iter([("a", column)]).unwrap();
    let encryption = FileEncryptionProperties::builder(KEY.to_vec()).build().unwrap();
    let properties = WriterProperties::builder().with_file_encryption_properties(encryption).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

fn with_keys(options: SparkSessionOptions) -> SparkSessionOptions {
    options.runtime.register_parquet_encryption_factory(FACTORY, Arc::new(OneKey));
    SparkSessionOptions { parquet_decryption_factory: Some(FACTORY.into()), ..options }
}

#[tokio::test]
async fn encrypted_files_are_read_with_the_keys_of_the_runtimes_factory() {
    let (session, store) = session_with(with_keys);
    put(&store, "t.parquet", encrypted_file()).await;
    let query = "SELECT count(*), max(a) FROM parquet.`t.parquet` WHERE a < 500";
    assert_eq!(rows(&session, query).await, ["500|499"]);
}

#[tokio::test]
async fn without_the_factory_an_encrypted_file_is_an_error() {
    let (session, store) = session();
    put(&store, "t.parquet", encrypted_file()).await;
    let refused = error(&session, "SELECT * FROM parquet.`t.parquet`").await;
    assert_eq!(refused.kind, ErrorKind::Storage, "{refused}");
}

#[tokio::test]
async fn no_key_is_in_a_plan() {
    let (session, store) = session_with(with_keys);
    put(&store, "t.parquet", encrypted_file()).await;
    let statement = parse_script("SELECT a FROM parquet.`t.parquet` WHERE a > 3").unwrap().remove(0);
    let prepared = session.prepare(&statement).await.unwrap();
    let physical = prepared.physical_plan().await.unwrap().unwrap();
    let texts = [
        format!("{:?}", prepared.logical_plan()),
        displayable(physical.as_ref()).indent(true).to_string(),
        format!("{physical:?}"),
    ];
    let key_as_numbers = KEY.map(|byte| byte.to_string()).join(", ");
    let key_as_hex: String = KEY.iter().map(|byte| format!("{byte:02x}")).collect();
    for text in texts {
        let text = text.to_lowercase();
        for key in ["sixteen-byte-key", &key_as_numbers, &key_as_hex] {
            assert!(!text.contains(key), "{key} in {text}");
        }
    }
}
