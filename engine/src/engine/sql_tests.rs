//! Whole engines with real SQL over in-memory pipes: encrypted tables, limits, and what a query can't reach.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Int64Type;
use casemate_wire::access_file::{AccessFile, ClientEntry};
use casemate_wire::data_policy::DataPolicy;
use casemate_wire::identity::ClientIdentity;
use casemate_wire::keys::{DataKey, DataKeys};
use casemate_wire::session::{ClientSession, EndStatus, QueryRequest, ResultItem};
use parquet::arrow::ArrowWriter;
use parquet::encryption::encrypt::FileEncryptionProperties;
use parquet::file::properties::WriterProperties;

use super::*;
use crate::testing::{self, Files, MemoryParent, TestClient, failure, read_stream};

const PATIENCE: Duration = Duration::from_secs(60);
const KEY: [u8; 32] = *b"0123456789abcdef0123456789abcdef";
const ROWS: i64 = 200_000;

/// `ROWS` numbers and words as Parquet, encrypted under the key id `k1` if asked.
fn parquet_file(encrypted: bool) -> Vec<u8> {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..ROWS));
    let words: ArrayRef = Arc::new(StringArray::from_iter_values((0..ROWS).map(|row| format!("word-{}", row * 7919))));
    let batch = RecordBatch::try_from_iter([("n", numbers), ("w", words)]).unwrap();
    let mut properties = WriterProperties::builder();
    if encrypted {
        let encryption = FileEncryptionProperties::builder(KEY.to_vec()).with_footer_key_metadata("k1".into()).build();
        properties = properties.with_file_encryption_properties(encryption.unwrap());
    }
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties.build())).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    file
}

fn files() -> Files {
    let file = |path: &str, bytes: Vec<u8>| (path.to_owned(), bytes.into());
    Arc::new(Mutex::new(BTreeMap::from([
        file("secret/part-0.parquet", parquet_file(true)),
        file("plain/part-0.parquet", parquet_file(false)),
    ])))
}

fn keys() -> DataKeys {
    let mut keys = DataKeys::new();
    keys.insert("k1", DataKey::new(&KEY).unwrap()).unwrap();
    keys
}

/// An engine with the files above, and two clients: the second may use 2 MiB.
fn engine() -> (Arc<Engine>, TestClient, TestClient) {
    let (nsm, trust) = testing::nsm();
    let client = || TestClient {
        identity: ClientIdentity::generate().unwrap(),
        trust: trust.clone(),
        keys: keys(),
        policy: DataPolicy::allow_all(),
    };
    let (rich, poor) = (client(), client());
    let poor_entry =
        ClientEntry { name: "poor".into(), key: poor.identity.public(), memory_limit: Some("2MiB".into()) };
    let access = testing::access(&rich.identity, |file: &mut AccessFile| file.clients.push(poor_entry));
    let config = EngineConfig::new(access, 512 << 20, nsm, Arc::new(MemoryParent(files())));
    (Engine::new(config).unwrap(), rich, poor)
}

async fn open_session(engine: &Arc<Engine>, client: &TestClient) -> ClientSession {
    let (ours, theirs) = tokio::io::duplex(64 << 10);
    let serving = Arc::clone(engine);
    tokio::spawn(async move { serving.serve_connection(Box::new(theirs)).await });
    client.connect(ours).await.unwrap()
}

/// Runs a text in a session of its own.
async fn run(engine: &Arc<Engine>, client: &TestClient, sql: &str) -> (Vec<ResultItem>, EndStatus) {
    let (mut sender, mut receiver) = open_session(engine, client).await.split();
    let secret = sender.query(&QueryRequest { sql: sql.to_owned() }).await.unwrap();
    let read = tokio::time::timeout(PATIENCE, read_stream(&mut receiver, secret)).await.expect("a sealed end");
    sender.close().await.unwrap();
    read
}

/// Waits until no query holds memory.
async fn eventually_free(engine: &Arc<Engine>) {
    tokio::time::timeout(PATIENCE, async {
        while engine.memory_used() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("everything is given back");
}

fn single_number(items: &[ResultItem]) -> i64 {
    let batches: Vec<_> =
        items.iter().filter_map(|item| if let ResultItem::Batch(batch) = item { Some(batch) } else { None }).collect();
    assert_eq!(batches.len(), 1, "{items:?}");
    batches[0].column(0).as_primitive::<Int64Type>().value(0)
}

#[tokio::test]
async fn encrypted_and_plain_tables_are_read_in_one_text() {
    let (engine, client, _) = engine();
    let sql = "SELECT count(*) FROM parquet.`secret` s JOIN parquet.`plain/part-0.parquet` p ON s.n = p.n \
               WHERE s.n >= 1000; SELECT count(*) FROM parquet.`plain`";
    let (items, status) = run(&engine, &client, sql).await;
    assert_eq!(status, EndStatus::Ok);
    let second = items.iter().rposition(|item| matches!(item, ResultItem::Schema(_))).unwrap();
    assert_eq!(single_number(&items[..second]), ROWS - 1000);
    assert_eq!(single_number(&items[second..]), ROWS);
}

/// Forty billion pairs: no machine answers this while a test waits.
const CROSS_JOIN: &str = "SELECT count(*) FROM parquet.`plain` a, parquet.`plain` b WHERE a.n + b.n = -1";

#[tokio::test]
async fn a_huge_join_is_cancelled_while_another_client_gets_its_answer() {
    let (engine, client, other) = engine();
    let (mut sender, mut receiver) = open_session(&engine, &client).await.split();
    let secret = sender.query(&QueryRequest { sql: CROSS_JOIN.to_owned() }).await.unwrap();
    let stream = secret.stream();
    let (items, status) = run(&engine, &other, "SELECT count(*) FROM parquet.`plain` WHERE n < 10").await;
    assert_eq!((single_number(&items), status), (10, EndStatus::Ok));

    let begin = std::time::Instant::now();
    sender.cancel(stream).await.unwrap();
    let (_, status) = tokio::time::timeout(PATIENCE, read_stream(&mut receiver, secret)).await.expect("a sealed end");
    assert_eq!(status, EndStatus::Cancelled);
    assert!(begin.elapsed() < Duration::from_secs(10), "it took {:?}", begin.elapsed());
    eventually_free(&engine).await;
}

#[tokio::test]
async fn a_missing_key_is_named_to_the_client() {
    let (engine, client, _) = engine();
    let keyless = TestClient { keys: DataKeys::new(), ..client };
    let (_, status) = run(&engine, &keyless, "SELECT * FROM parquet.`secret`").await;
    let (kind, message) = failure(&status);
    assert_eq!(kind, "key");
    assert!(message.contains("'k1'"), "{message}");
}

#[tokio::test]
async fn no_query_reaches_the_engines_own_files_or_leaves_the_data_folder() {
    let (engine, client, _) = engine();
    for sql in [
        "SELECT * FROM parquet.`file:///etc/passwd`",
        "SELECT * FROM csv.`/etc/passwd`",
        "SELECT * FROM text.`../../etc/passwd`",
        "CREATE TEMPORARY VIEW v USING csv OPTIONS (path 'file:///etc/passwd'); SELECT * FROM v",
        "CREATE TEMPORARY VIEW v USING parquet OPTIONS (path 's3://bucket/x'); SELECT * FROM v",
        "INSERT INTO parquet.`plain` VALUES (1, 'x')",
        "CREATE EXTERNAL TABLE t STORED AS csv LOCATION '/etc/passwd'",
        "COPY (SELECT 1) TO 'x.csv'",
    ] {
        let (items, status) = run(&engine, &client, sql).await;
        assert!(matches!(status, EndStatus::Failed(_)), "{sql}: {status:?}");
        assert!(!items.iter().any(|item| matches!(item, ResultItem::Batch(_))), "{sql}");
    }
}

#[tokio::test]
async fn a_missing_file_and_a_missing_table_are_named() {
    let (engine, client, _) = engine();
    for (sql, name) in
        [("SELECT * FROM parquet.`nowhere`", "nowhere"), ("SELECT * FROM no_such_table", "no_such_table")]
    {
        let (_, status) = run(&engine, &client, sql).await;
        assert!(failure(&status).1.contains(name), "{status:?}");
    }
}

#[tokio::test]
async fn a_query_over_its_clients_memory_limit_is_an_error_and_another_clients_runs_meanwhile() {
    let (engine, rich, poor) = engine();
    let sql = "SELECT w, count(*) AS c FROM parquet.`secret` GROUP BY w ORDER BY c, w LIMIT 1";
    let ((_, refused), (_, ran)) = tokio::join!(run(&engine, &poor, sql), run(&engine, &rich, sql));
    let (kind, message) = failure(&refused);
    assert_eq!(kind, "memory", "{message}");
    assert!(message.contains("2 MiB") && message.contains("access file"), "{message}");
    assert_eq!(ran, EndStatus::Ok);
}

#[tokio::test]
async fn nothing_stays_reserved_after_the_sessions() {
    let (engine, client, _) = engine();
    run(&engine, &client, "SELECT w FROM parquet.`secret` ORDER BY w").await;
    eventually_free(&engine).await;
}

#[tokio::test]
async fn views_belong_to_their_session() {
    let (engine, client, _) = engine();
    let view = "CREATE TEMPORARY VIEW mine USING parquet OPTIONS (path 'plain')";
    assert_eq!(run(&engine, &client, view).await.1, EndStatus::Ok);
    let (_, status) = run(&engine, &client, "SELECT * FROM mine").await;
    assert!(failure(&status).1.contains("mine"), "{status:?}");
}
