//! The control of the search: over a run in which nothing is sealed it finds every canary.

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, RecordBatch, StringArray};
use base64ct::{Base64, Encoding};
use casemate_wire::keys::DataKey;
use parquet::basic::Compression;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::canaries::{of_keys, of_result, of_table};
use super::search::Canaries;
use crate::files::Keys;
use crate::output::Format;
use crate::parent::{DataDirectory, EnclaveConnector, ParentServer, Recorder};
use crate::tpch::{Encryption, QUERIES, Table, write_table_compressed};

const SCALE_FACTOR: f64 = 0.001;

/// An engine that seals nothing: it reads keys and queries in the clear and answers in the clear.
struct Unsealed {
    answer: Vec<u8>,
}

#[async_trait::async_trait]
impl EnclaveConnector for Unsealed {
    async fn connect(&self) -> std::io::Result<casemate_wire::transport::BoxedIo> {
        let (near, mut far) = tokio::io::duplex(1024);
        let answer = self.answer.clone();
        tokio::spawn(async move {
            let mut question = Vec::new();
            let _ = far.read_to_end(&mut question).await;
            let _ = far.write_all(&answer).await;
        });
        Ok(Box::new(near))
    }

    fn describe(&self) -> String {
        "unsealed".to_owned()
    }
}

fn keys() -> Keys {
    let mut keys = Keys::generate().unwrap();
    keys.data_keys.insert("k", DataKey::generate().unwrap()).unwrap();
    keys
}

fn result() -> RecordBatch {
    let revenue =
        Decimal128Array::from(vec![123_456_789_012, -987_654_321_098]).with_precision_and_scale(38, 4).unwrap();
    let names: ArrayRef = Arc::new(StringArray::from(vec!["Customer#000000042", "Customer#000000043"]));
    RecordBatch::try_from_iter([("c_name", names), ("revenue", Arc::new(revenue) as ArrayRef)]).unwrap()
}

fn write_tables(directory: &std::path::Path, key: Option<&DataKey>) {
    for table in Table::ALL {
        let encryption = key.map(|key| Encryption { key_id: "k", key: key.as_bytes() });
        let compression = Compression::UNCOMPRESSED;
        write_table_compressed(directory, table, SCALE_FACTOR, encryption.as_ref(), compression).unwrap();
    }
}

fn all_canaries(keys: &Keys) -> Canaries {
    let mut canaries = Canaries::new();
    of_keys(keys, &mut canaries);
    Table::ALL.iter().for_each(|table| of_table(*table, SCALE_FACTOR, &mut canaries));
    QUERIES.iter().for_each(|query| canaries.add_query(query.sql));
    of_result(&result(), &mut canaries);
    canaries
}

/// What a client without sealing would send: queries and keys as they are.
fn plain_question(keys: &Keys) -> Vec<u8> {
    let mut question: Vec<u8> = QUERIES.iter().flat_map(|query| query.sql.bytes()).collect();
    let data_key = keys.data_keys.get("k").unwrap();
    for secret in [&keys.identity.to_bytes()[..], keys.result_key.as_bytes(), data_key.as_bytes()] {
        question.extend_from_slice(secret);
        for text in [hex::encode(secret), hex::encode_upper(secret), Base64::encode_string(secret)] {
            question.extend_from_slice(text.as_bytes());
        }
    }
    question
}

/// What an engine without sealing would send: the result as it is.
fn plain_answer() -> Vec<u8> {
    let mut writer = Format::ArrowStream.writer(Vec::new());
    writer.start(&result().schema()).unwrap();
    writer.batch(&result()).unwrap();
    writer.finish().unwrap()
}

#[tokio::test]
async fn in_a_run_without_sealing_the_search_finds_every_canary() {
    let folder = tempfile::tempdir().unwrap();
    let (data, record) = (folder.path().join("data"), folder.path().join("record"));
    std::fs::create_dir(&data).unwrap();
    write_tables(&data, None);

    let keys = keys();
    let server = ParentServer::new(DataDirectory::open(&data).unwrap(), Some(Recorder::new(&record).unwrap()));
    let (mut client, at_parent) = tokio::io::duplex(1024);
    let enclave = Unsealed { answer: plain_answer() };
    let relay = tokio::spawn(async move { server.relay_client(Box::new(at_parent), &enclave).await });
    client.write_all(&plain_question(&keys)).await.unwrap();
    client.shutdown().await.unwrap();
    client.read_to_end(&mut Vec::new()).await.unwrap();
    relay.await.unwrap();

    let canaries = all_canaries(&keys);
    let report = canaries.search(&[folder.path()]).unwrap();
    assert_eq!(report.found.len(), canaries.len());
    assert!(canaries.count().len() == 4 && canaries.len() > 300, "{:?}", canaries.count());
}

#[test]
fn in_encrypted_tables_the_search_finds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let keys = keys();
    write_tables(folder.path(), keys.data_keys.get("k"));
    let mut canaries = all_canaries(&keys);
    Table::ALL.iter().for_each(|table| canaries.remove_parts_of(&table.file_name()));
    let report = canaries.search(&[folder.path()]).unwrap();
    assert_eq!(report.files, 8);
    assert!(report.found.is_empty(), "{:?}", report.found);
}
