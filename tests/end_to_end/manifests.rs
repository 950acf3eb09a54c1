//! Signed datasets against a parent that lies about their files: whatever it does, there is an error and no answer.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::AsArray;
use async_trait::async_trait;
use bytes::Bytes;
use casemate_engine::StorageConnector;
use casemate_host::HostError;
use casemate_host::client::Client;
use casemate_host::dataset::{SignOptions, sign};
use casemate_host::files::Keys;
use casemate_host::parent::{DataDirectory, ParentServer};
use casemate_tests::data::{self, CANARY_COLUMN, CANARY_VALUES};
use casemate_tests::engines::{self, Folder, LocalEngine, PCRS};
use casemate_tests::soon;
use casemate_wire::attestation::{SimulatedNsm, TrustPolicy};
use casemate_wire::data_policy::DataPolicy;
use casemate_wire::session::QueryFailure;
use casemate_wire::storage::{Request, Response, read_request, read_response, write_request, write_response};
use casemate_wire::transport::BoxedIo;

const SELECT: &str = "SELECT * FROM parquet.`sales`";

/// A data folder with the signed dataset `sales` in it: two encrypted files of three rows.
struct World {
    data: tempfile::TempDir,
    keys: Keys,
}

impl World {
    fn new() -> Self {
        let mut keys = engines::keys();
        // Nothing but what is encrypted and signed.
        keys.data_policy = DataPolicy::default();
        let world = Self { data: tempfile::tempdir().unwrap(), keys };
        fs::create_dir(world.path("sales")).unwrap();
        for part in ["sales/a.parquet", "sales/b.parquet"] {
            data::write_canary_table(&world.path(part), true);
        }
        world.sign("sales", None);
        world
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.data.path().join(name)
    }

    fn sign(&self, name: &str, version: Option<u64>) {
        let options = SignOptions { version, ..SignOptions::default() };
        sign(&self.path(name), &self.keys, &options, &|_, _| Ok(())).unwrap();
    }

    /// An engine over the folder, and a session of it.
    async fn open(&self) -> (LocalEngine, Client) {
        self.open_with(Folder::new(self.data.path())).await
    }

    async fn open_with(&self, storage: impl StorageConnector) -> (LocalEngine, Client) {
        let nsm: SimulatedNsm = engines::simulated_nsm(PCRS, 0);
        let trust: TrustPolicy = engines::trust(&nsm);
        let engine = LocalEngine::start(nsm, engines::access(&self.keys), storage, |_| ()).await;
        let client = soon("a session", Client::connect(&engine.address, &self.keys, &trust)).await.unwrap();
        (engine, client)
    }
}

async fn query(client: &mut Client, sql: &str) -> Result<Vec<String>, QueryFailure> {
    match soon("an answer", client.query(sql).await.unwrap().collect()).await {
        Ok(answers) => {
            let batches = answers.iter().flat_map(|answer| &answer.batches);
            let texts = batches.flat_map(|batch| batch.column(0).as_string::<i32>().iter().flatten());
            Ok(texts.map(str::to_owned).collect())
        }
        Err(HostError::Query(failure)) => Err(failure),
        Err(other) => panic!("the session was harmed: {other:?}"),
    }
}

/// The failure of `sql` in a new session, which must be one of the dataset.
async fn refusal(world: &World, sql: &str) -> String {
    let (_engine, mut client) = world.open().await;
    let failure = query(&mut client, sql).await.unwrap_err();
    assert_eq!(failure.kind, "dataset", "{failure:?}");
    failure.message
}

#[tokio::test]
async fn a_signed_dataset_is_read_without_any_allowance() {
    let world = World::new();
    let (_engine, mut client) = world.open().await;
    assert_eq!(query(&mut client, SELECT).await.unwrap().len(), 2 * CANARY_VALUES.len());
    let part = format!("SELECT {CANARY_COLUMN} FROM parquet.`sales/b.parquet`");
    assert_eq!(query(&mut client, &part).await.unwrap(), CANARY_VALUES);
}

#[tokio::test]
async fn two_files_that_were_swapped_are_no_answer() {
    let world = World::new();
    let (a, b) = (world.path("sales/a.parquet"), world.path("sales/b.parquet"));
    assert_eq!(
        fs::metadata(&a).unwrap().len(),
        fs::metadata(&b).unwrap().len(),
        "nothing but the content tells them apart"
    );
    let (a_bytes, b_bytes) = (fs::read(&a).unwrap(), fs::read(&b).unwrap());
    assert_ne!(a_bytes, b_bytes);
    fs::write(&a, &b_bytes).unwrap();
    fs::write(&b, &a_bytes).unwrap();
    assert!(refusal(&world, SELECT).await.contains("changed, swapped or rolled back"));
    // One file twice is no better.
    fs::write(&b, &b_bytes).unwrap();
    assert!(refusal(&world, SELECT).await.contains("'sales/a.parquet'"));
}

#[tokio::test]
async fn an_old_version_is_no_answer_for_a_client_that_knows_a_newer_one() {
    let mut world = World::new();
    let old = world.path("old");
    copy(&world.path("sales"), &old);
    data::write_canary_table(&world.path("sales/c.parquet"), true);
    world.sign("sales", None);
    world.keys.data_policy.require("sales".parse().unwrap(), 2);

    let (_engine, mut client) = world.open().await;
    assert_eq!(query(&mut client, SELECT).await.unwrap().len(), 3 * CANARY_VALUES.len());
    // Within a session too, and for a client that named no version.
    fs::remove_dir_all(world.path("sales")).unwrap();
    fs::rename(&old, world.path("sales")).unwrap();
    assert_eq!(query(&mut client, SELECT).await.unwrap_err().kind, "dataset");
    assert!(refusal(&world, SELECT).await.contains("version 1 of 'sales' is older than version 2"));

    world.keys.data_policy = DataPolicy::default();
    let (_engine, mut client) = world.open().await;
    query(&mut client, SELECT).await.unwrap();
}

#[tokio::test]
async fn the_files_of_an_old_version_are_no_answer_under_the_new_manifest() {
    let world = World::new();
    let old = fs::read(world.path("sales/a.parquet")).unwrap();
    data::write_canary_table(&world.path("sales/a.parquet"), true);
    world.sign("sales", None);
    fs::write(world.path("sales/a.parquet"), old).unwrap();
    assert!(refusal(&world, SELECT).await.contains("'sales/a.parquet'"));
}

#[tokio::test]
async fn an_added_an_omitted_and_a_truncated_file_are_no_answer() {
    let world = World::new();
    data::write_canary_table(&world.path("sales/c.parquet"), true);
    assert!(refusal(&world, SELECT).await.contains("not in its dataset's manifest"));
    assert!(refusal(&world, "SELECT * FROM parquet.`sales/c.parquet`").await.contains("not in its dataset's manifest"));
    fs::remove_file(world.path("sales/c.parquet")).unwrap();

    let bytes = fs::read(world.path("sales/b.parquet")).unwrap();
    fs::write(world.path("sales/b.parquet"), &bytes[..bytes.len() - 1]).unwrap();
    assert!(refusal(&world, SELECT).await.contains("bytes where its dataset's manifest says"));
    fs::remove_file(world.path("sales/b.parquet")).unwrap();
    assert!(refusal(&world, SELECT).await.contains("is missing"));
}

#[tokio::test]
async fn a_manifest_that_is_gone_forged_or_of_another_dataset_is_no_answer() {
    let world = World::new();
    let manifest = world.path("sales/_casemate.manifest");
    let signed = fs::read(&manifest).unwrap();
    fs::remove_file(&manifest).unwrap();
    assert!(refusal(&world, SELECT).await.contains("--allow-unsigned sales"));

    let stranger = engines::keys();
    sign(&world.path("sales"), &stranger, &SignOptions::default(), &|_, _| Ok(())).unwrap();
    assert!(refusal(&world, SELECT).await.contains("does not trust"));

    fs::write(&manifest, signed).unwrap();
    copy(&world.path("sales"), &world.path("hr"));
    assert!(
        refusal(&world, "SELECT * FROM parquet.`hr`").await.contains("is the manifest of 'sales' and lies at 'hr'")
    );
}

#[tokio::test]
async fn plaintext_in_place_of_an_encrypted_table_is_no_answer_even_where_manifests_are_not_asked_for() {
    let mut world = World::new();
    world.keys.data_policy.unsigned.add("loose.parquet".parse().unwrap());
    world.keys.data_policy.unsigned.add("forged.csv".parse().unwrap());
    data::write_canary_table(&world.path("loose.parquet"), true);
    let loose = "SELECT * FROM parquet.`loose.parquet`";
    let (_engine, mut client) = world.open().await;
    assert_eq!(query(&mut client, loose).await.unwrap(), CANARY_VALUES);

    data::write_canary_table(&world.path("loose.parquet"), false);
    assert!(refusal(&world, loose).await.contains("--allow-plaintext loose.parquet"));
    // Nor does a CSV file become an encrypted one by its first and last bytes.
    fs::write(world.path("forged.csv"), "PARE,x\n1,2\nPARE").unwrap();
    assert!(refusal(&world, "SELECT * FROM csv.`forged.csv`").await.contains("--allow-plaintext forged.csv"));
}

#[tokio::test]
async fn signed_plaintext_is_read_where_its_name_is_allowed_and_no_changed_byte_of_it_is() {
    let mut world = World::new();
    let rows: String = (0..200_000).map(|row| format!("word-{row:06}\n")).collect();
    fs::write(world.path("words.csv"), &rows).unwrap();
    world.sign("words.csv", None);
    let select = "SELECT max(_c0) FROM csv.`words.csv`";
    assert!(refusal(&world, select).await.contains("--allow-plaintext words.csv"));
    world.keys.data_policy.plaintext.add("words.csv".parse().unwrap());
    let (_engine, mut client) = world.open().await;
    assert_eq!(query(&mut client, select).await.unwrap(), ["word-199999"]);
    let forged = rows.replacen("word-150000", "xord-150000", 1);
    fs::write(world.path("words.csv"), forged).unwrap();
    assert!(refusal(&world, select).await.contains("changed, swapped or rolled back"));
}

/// A storage server that is honest until it has been asked for rows, and then shows nothing.
struct Vanishing(Arc<ParentServer>);

#[async_trait]
impl StorageConnector for Vanishing {
    async fn connect(&self) -> std::io::Result<BoxedIo> {
        let (engine, mut near) = tokio::io::duplex(256 << 10);
        let (mut honest, far) = tokio::io::duplex(256 << 10);
        let parent = Arc::clone(&self.0);
        tokio::spawn(async move { parent.serve_storage_connection(Box::new(far)).await });
        tokio::spawn(async move {
            let mut read = 0;
            while let Ok(Some((id, request))) = read_request(&mut near).await {
                read += usize::from(matches!(&request, Request::Get { path, .. } if path.ends_with(".parquet")));
                write_request(&mut honest, id, &request).await.unwrap();
                let Ok(Some((_, response))) = read_response(&mut honest).await else { return };
                let response = match response {
                    Response::Listing(_) if read > 0 => Response::Listing(Vec::new()),
                    Response::Data(bytes) if read > 2 => Response::Data(Bytes::from(vec![0; bytes.len()])),
                    honest => honest,
                };
                if write_response(&mut near, id, &response).await.is_err() {
                    return;
                }
            }
        });
        Ok(Box::new(engine))
    }
}

#[tokio::test]
async fn files_that_vanish_or_change_after_planning_are_no_empty_table() {
    let world = World::new();
    let directory = DataDirectory::open(world.data.path()).unwrap();
    let (_engine, mut client) = world.open_with(Vanishing(ParentServer::new(directory, None))).await;
    // That came with the footers, which the manifest vouches for.
    let count = "SELECT CAST(count(*) AS string) FROM parquet.`sales`";
    let (_honest_engine, mut honest) = world.open().await;
    let expected = query(&mut honest, count).await.unwrap();
    assert_eq!(query(&mut client, count).await.unwrap(), expected);
    assert!(query(&mut client, SELECT).await.is_err());
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
