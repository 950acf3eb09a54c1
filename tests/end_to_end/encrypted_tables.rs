//! Tables that Spark encrypted, read with the master keys that a client sends.

use std::fs;
use std::path::{Path, PathBuf};

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use casemate_host::HostError;
use casemate_host::client::Client;
use casemate_host::files::Keys;
use casemate_tests::engines::{self, Folder, LocalEngine};
use casemate_tests::soon;
use casemate_wire::keys::DataKey;
use casemate_wire::session::QueryFailure;

/// Files that Spark and pyarrow wrote, see `sealed-parquet/interop`.
fn files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../sealed-parquet/tests/files")
}

/// A client's keys with these master keys of the files.
fn keys(held: &[&str]) -> Keys {
    let known: [(&str, &[u8]); 3] = [
        ("footer", b"footer-key-16-by"),
        ("names", b"names-key-of-twenty-four"),
        ("money", b"money-key-of-thirty-two-bytes-.."),
    ];
    let mut keys = engines::keys();
    for (id, key) in known.iter().filter(|(id, _)| held.contains(id)) {
        keys.data_keys.insert_master(*id, DataKey::new(key).unwrap()).unwrap();
    }
    keys
}

async fn session(folder: &Path, keys: &Keys) -> (LocalEngine, Client) {
    let nsm = engines::simulated_nsm(engines::PCRS, 0);
    let trust = engines::trust(&nsm);
    let engine = LocalEngine::start(nsm, engines::access(keys), Folder::new(folder), |_| ()).await;
    let client = soon("a session", Client::connect(&engine.address, keys, &trust)).await.unwrap();
    (engine, client)
}

/// The one number that a query gives.
async fn number(client: &mut Client, query: &str) -> Result<i64, QueryFailure> {
    match soon("an answer", client.query(query).await.unwrap().collect()).await {
        Ok(answers) => Ok(answers[0].batches[0].column(0).as_primitive::<Int64Type>().value(0)),
        Err(HostError::Query(failure)) => Err(failure),
        Err(other) => panic!("the session was harmed: {other:?}"),
    }
}

/// A folder `t` with all files that Spark wrote under its key tools: one table of many variants.
fn one_table_of_all_variants(folder: &Path) -> i64 {
    let table = folder.join("t");
    fs::create_dir(&table).unwrap();
    let mut tables = 0;
    for entry in fs::read_dir(files()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.contains("spark") && !name.contains("uniform") {
            fs::copy(files().join(&name), table.join(&name)).unwrap();
            tables += i64::from(name.ends_with(".parquet"));
        }
    }
    assert!(tables > 8);
    tables
}

#[tokio::test]
async fn one_table_may_have_files_of_every_variant() {
    let folder = tempfile::tempdir().unwrap();
    let tables = one_table_of_all_variants(folder.path());
    let (_engine, mut client) = session(folder.path(), &keys(&["footer", "names", "money"])).await;
    let query = "SELECT CAST(sum(amount) * 100 AS BIGINT) FROM parquet.`t`";
    assert_eq!(number(&mut client, query).await.unwrap(), tables * 125 * (59 * 60 / 2));
    let query = "SELECT count(*) FROM parquet.`t` WHERE place.city = 'city-2' AND name = 'name-2'";
    assert_eq!(number(&mut client, query).await.unwrap(), tables * 2);
}

#[tokio::test]
async fn a_column_without_its_key_is_an_error_of_the_queries_that_touch_it() {
    let folder = tempfile::tempdir().unwrap();
    let tables = one_table_of_all_variants(folder.path());
    let (_engine, mut client) = session(folder.path(), &keys(&["footer", "names"])).await;
    assert_eq!(number(&mut client, "SELECT count(*) FROM parquet.`t`").await.unwrap(), tables * 60);
    let query = "SELECT sum(id) FROM parquet.`t` WHERE name = 'name-3'";
    assert_eq!(number(&mut client, query).await.unwrap(), tables * 279);
    let failure = number(&mut client, "SELECT count(amount) FROM parquet.`t`").await.unwrap_err();
    assert_eq!(failure.kind, "key");
    assert!(failure.message.contains("'amount'") && failure.message.contains("'money'"), "{}", failure.message);
    assert_eq!(number(&mut client, "SELECT count(*) FROM parquet.`t`").await.unwrap(), tables * 60);
}

#[tokio::test]
async fn without_the_footers_master_key_nothing_is_read() {
    let folder = tempfile::tempdir().unwrap();
    one_table_of_all_variants(folder.path());
    let (_engine, mut client) = session(folder.path(), &keys(&["names", "money"])).await;
    let failure = number(&mut client, "SELECT count(*) FROM parquet.`t`").await.unwrap_err();
    assert_eq!(failure.kind, "key");
    assert!(failure.message.contains("master key 'footer'"), "{}", failure.message);
}
