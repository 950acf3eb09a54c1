//! Parents that lie about the files of datasets, one test for each lie.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use casemate_wire::data_policy::DataPolicy;
use casemate_wire::dataset::DatasetName;
use casemate_wire::identity::ClientIdentity;
use casemate_wire::manifest::{
    ChunkHashes, Content, FooterHash, Integrity, MIN_CHUNK_BYTES, Manifest, ManifestFile, WHOLE_DATASET,
};
use futures::TryStreamExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutPayload};
use spark_compat::session::TableRule;

use super::*;

fn identity() -> &'static ClientIdentity {
    static IDENTITY: OnceLock<ClientIdentity> = OnceLock::new();
    IDENTITY.get_or_init(|| ClientIdentity::generate().unwrap())
}

fn name(text: &str) -> DatasetName {
    text.parse().unwrap()
}

/// Bytes that look like Parquet with an encrypted footer of 100 bytes.
fn sealed_bytes(fill: u8) -> Vec<u8> {
    [vec![fill; 20_000], vec![fill ^ 0xff; 92], vec![92, 0, 0, 0], b"PARE".to_vec()].concat()
}

fn sealed(path: &str, bytes: &[u8]) -> ManifestFile {
    let start = bytes.len() - 100;
    let integrity = Integrity::Footer(FooterHash::of(start as u64, &bytes[start..]));
    ManifestFile { path: path.into(), size: bytes.len() as u64, rows: None, content: Content::Encrypted, integrity }
}

fn plain(path: &str, bytes: &[u8]) -> ManifestFile {
    let mut chunks = ChunkHashes::new(MIN_CHUNK_BYTES);
    bytes.chunks(MIN_CHUNK_BYTES as usize).for_each(|chunk| chunks.push(chunk));
    let integrity = Integrity::Chunks(chunks);
    ManifestFile { path: path.into(), size: bytes.len() as u64, rows: None, content: Content::Plain, integrity }
}

fn manifest(dataset: &str, version: u64, files: Vec<ManifestFile>) -> Vec<u8> {
    Manifest::new(name(dataset), version, files).unwrap().sign(identity()).unwrap()
}

/// A parent's files, and a session's view of them.
struct World {
    parent: Arc<InMemory>,
    datasets: Arc<Datasets>,
    store: GuardedStore,
}

impl World {
    fn new(change: impl FnOnce(&mut DataPolicy)) -> Self {
        let mut policy = DataPolicy::default();
        policy.trust(identity().public());
        change(&mut policy);
        let (parent, datasets) = (Arc::new(InMemory::new()), Datasets::new(policy));
        let store = GuardedStore::new(Arc::clone(&parent) as _, Arc::clone(&datasets));
        Self { parent, datasets, store }
    }

    /// A parent with the dataset `t`: two sealed files, and a plain one that the client allows.
    async fn with_dataset(change: impl FnOnce(&mut DataPolicy)) -> Self {
        let world = Self::new(|policy| {
            policy.plaintext.add(name("t/c.csv"));
            change(policy);
        });
        for (path, bytes) in files() {
            world.put(&format!("t/{path}"), bytes).await;
        }
        world.put("t/_casemate.manifest", signed(1)).await;
        world
    }

    async fn put(&self, path: &str, bytes: Vec<u8>) {
        self.parent.put(&Path::parse(path).unwrap(), PutPayload::from(bytes)).await.unwrap();
    }

    async fn remove(&self, path: &str) {
        self.parent.delete(&Path::parse(path).unwrap()).await.unwrap();
    }

    async fn list(&self, path: &str) -> Result<Vec<String>, Error> {
        let listed = self.store.list(Some(&Path::parse(path).unwrap()));
        listed.map_ok(|meta| meta.location.to_string()).try_collect().await
    }

    async fn read(&self, path: &str, range: std::ops::Range<u64>) -> Result<Bytes, Error> {
        let path = Path::parse(path).unwrap();
        self.store.head(&path).await?;
        self.store.get_range(&path, range).await
    }

    /// The refusal of listing `t`.
    async fn refusal(&self) -> String {
        self.list("t").await.unwrap_err();
        self.datasets.take_problem().expect("a refusal")
    }
}

fn files() -> [(&'static str, Vec<u8>); 3] {
    [("a.parquet", sealed_bytes(1)), ("year=1/b.parquet", sealed_bytes(2)), ("c.csv", vec![b'c'; 10_000])]
}

fn signed(version: u64) -> Vec<u8> {
    let [(a, a_bytes), (b, b_bytes), (c, c_bytes)] = files();
    manifest("t", version, vec![sealed(a, &a_bytes), sealed(b, &b_bytes), plain(c, &c_bytes)])
}

#[tokio::test]
async fn a_signed_dataset_is_listed_and_read_by_ranges_of_any_size() {
    let world = World::with_dataset(|_| ()).await;
    world.put("t/_SUCCESS", vec![]).await;
    world.put("t/.a.parquet.crc", vec![1]).await;
    assert_eq!(world.list("t").await.unwrap(), ["t/a.parquet", "t/c.csv", "t/year=1/b.parquet"]);
    for (path, bytes) in files() {
        let path = Path::parse(format!("t/{path}")).unwrap();
        let size = bytes.len() as u64;
        let ranges =
            [0..1, 4_095..4_097, size - 8..size, size - 9_000..size, 0..size, 100..9_000, size - 200..size - 50];
        let read = world.store.get_ranges(&path, &ranges).await.unwrap();
        for (range, read) in ranges.iter().zip(read) {
            assert_eq!(read, bytes[range.start as usize..range.end as usize], "{path} {range:?}");
        }
        assert_eq!(world.store.get(&path).await.unwrap().bytes().await.unwrap(), bytes);
    }
    #[allow(clippy::single_range_in_vec_init, reason = "a list of ranges is what is asked for")]
    let beyond = world.store.get_ranges(&Path::from("t/c.csv"), &[9_999..10_001]).await;
    assert!(beyond.is_err());
}

#[tokio::test]
async fn a_folder_and_a_file_of_a_signed_dataset_are_vouched_for_by_its_manifest() {
    let world = World::with_dataset(|_| ()).await;
    assert_eq!(world.list("t/year=1").await.unwrap(), ["t/year=1/b.parquet"]);
    world.read("t/a.parquet", 0..10).await.unwrap();
}

#[tokio::test]
async fn a_dataset_that_is_one_file_has_its_manifest_beside_it() {
    let world = World::new(|_| ());
    let bytes = sealed_bytes(1);
    world.put("x/one.parquet", bytes.clone()).await;
    world
        .put("x/_one.parquet.casemate.manifest", manifest("x/one.parquet", 1, vec![sealed(WHOLE_DATASET, &bytes)]))
        .await;
    assert_eq!(world.read("x/one.parquet", 0..10).await.unwrap().len(), 10);
    world.put("x/two.parquet", bytes).await;
    assert!(world.read("x/two.parquet", 0..10).await.is_err());
}

#[tokio::test]
async fn an_omitted_an_added_and_a_resized_file_are_refused_before_anything_is_read() {
    let world = World::with_dataset(|_| ()).await;
    world.remove("t/year=1/b.parquet").await;
    assert!(world.refusal().await.contains("'t/year=1/b.parquet' is missing"));

    let world = World::with_dataset(|_| ()).await;
    world.put("t/d.parquet", sealed_bytes(3)).await;
    assert!(world.refusal().await.contains("'t/d.parquet' is not in its dataset's manifest"));
    assert!(world.read("t/d.parquet", 0..1).await.is_err());

    let world = World::with_dataset(|_| ()).await;
    world.put("t/a.parquet", sealed_bytes(1)[1..].to_vec()).await;
    assert!(world.refusal().await.contains("'t/a.parquet' has 20099 bytes"));
    assert!(world.read("t/a.parquet", 0..1).await.is_err());
}

#[tokio::test]
async fn two_files_that_were_swapped_are_refused_when_their_footers_are_read() {
    let world = World::with_dataset(|_| ()).await;
    let [(_, a), (_, b), _] = files();
    world.put("t/a.parquet", b).await;
    world.put("t/year=1/b.parquet", a).await;
    world.list("t").await.unwrap();
    for range in [20_092..20_100, 20_000..20_001, 0..20_100, 10_000..20_001] {
        assert!(world.read("t/a.parquet", range).await.is_err());
    }
    assert!(world.datasets.take_problem().unwrap().contains("changed, swapped or rolled back"));
}

#[tokio::test]
async fn a_changed_byte_of_a_plain_file_is_refused_with_the_piece_that_it_lies_in() {
    let world = World::with_dataset(|_| ()).await;
    let mut bytes = files()[2].1.clone();
    bytes[5_000] ^= 1;
    world.put("t/c.csv", bytes).await;
    assert!(world.read("t/c.csv", 0..4_096).await.is_ok());
    for range in [4_096..4_097, 5_000..5_001, 0..10_000] {
        assert!(world.read("t/c.csv", range).await.is_err());
    }
}

#[tokio::test]
async fn an_old_version_is_refused_by_the_clients_minimum_and_after_a_newer_one_was_seen() {
    let world = World::with_dataset(|policy| policy.require(name("t"), 2)).await;
    assert!(world.refusal().await.contains("version 1 of 't' is older than version 2"));
    world.put("t/_casemate.manifest", signed(2)).await;
    world.list("t").await.unwrap();

    let world = World::with_dataset(|_| ()).await;
    world.put("t/_casemate.manifest", signed(5)).await;
    world.list("t").await.unwrap();
    world.put("t/_casemate.manifest", signed(4)).await;
    assert!(world.refusal().await.contains("has version 4 where this session has read version 5"));
}

#[tokio::test]
async fn a_manifest_that_was_taken_away_altered_or_signed_by_another_is_refused() {
    for allow in [false, true] {
        let world = World::with_dataset(|policy| {
            policy.require(name("t"), 1);
            if allow {
                *policy = DataPolicy { signers: policy.signers.clone(), ..DataPolicy::allow_all() };
                policy.require(name("t"), 1);
            }
        })
        .await;
        world.remove("t/_casemate.manifest").await;
        assert!(
            world.refusal().await.contains("is gone"),
            "a minimum version needs a manifest, whatever else is allowed"
        );
    }
    let world = World::with_dataset(|_| ()).await;
    world.remove("t/_casemate.manifest").await;
    assert!(world.refusal().await.contains("--allow-unsigned t"));
    let forged = Manifest::new(name("t"), 9, vec![sealed("a.parquet", &files()[0].1)]).unwrap();
    world.put("t/_casemate.manifest", forged.sign(&ClientIdentity::generate().unwrap()).unwrap()).await;
    assert!(world.refusal().await.contains("does not trust"));
    let mut altered = signed(1);
    let at = altered.len() - 10;
    altered[at] ^= 1;
    world.put("t/_casemate.manifest", altered).await;
    assert!(world.refusal().await.contains("signature does not hold"));
}

#[tokio::test]
async fn another_dataset_in_place_of_the_one_that_is_asked_for_is_refused() {
    let world = World::with_dataset(|_| ()).await;
    for (path, bytes) in files() {
        world.put(&format!("u/{path}"), bytes).await;
    }
    world.put("u/_casemate.manifest", signed(1)).await;
    world.list("u").await.unwrap_err();
    assert!(world.datasets.take_problem().unwrap().contains("is the manifest of 't' and lies at 'u'"));
}

#[tokio::test]
async fn a_table_that_vanishes_between_planning_and_reading_is_no_empty_table() {
    let world = World::new(|policy| policy.unsigned.add(name("v")));
    assert_eq!(world.list("t").await.unwrap(), Vec::<String>::new());
    let world = World::with_dataset(|_| ()).await;
    world.list("t").await.unwrap();
    for (path, _) in files() {
        world.remove(&format!("t/{path}")).await;
    }
    world.remove("t/_casemate.manifest").await;
    world.refusal().await;
    assert!(!matches!(world.store.head(&Path::from("t/a.parquet")).await, Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn plaintext_is_refused_where_it_is_not_allowed_signed_or_not() {
    let world = World::new(|policy| {
        policy.unsigned.add(name("u"));
        policy.plaintext.add(name("u/open"));
    });
    let parquet = [vec![0; 100], b"PAR1".to_vec()].concat();
    for path in ["u/open/a", "u/b", "u/sealed"] {
        world.put(path, parquet.clone()).await;
    }
    world.put("u/sealed", sealed_bytes(0)).await;
    world.read("u/open/a", 90..104).await.unwrap();
    world.read("u/sealed", 20_000..20_100).await.unwrap();
    for range in [90..104, 100..104, 103..104] {
        world.read("u/b", range).await.unwrap_err();
        assert!(world.datasets.take_problem().unwrap().contains("--allow-plaintext u/b"));
    }
    world.put("s/x.csv", vec![1; 10]).await;
    world.put("s/_casemate.manifest", manifest("s", 1, vec![plain("x.csv", &[1; 10])])).await;
    world.list("s").await.unwrap_err();
    assert!(world.datasets.take_problem().unwrap().contains("--allow-plaintext s"));
}

#[tokio::test]
async fn a_format_without_encryption_is_plaintext_whatever_the_file_ends_with() {
    let world = World::new(|policy| policy.plaintext.add(name("open.csv")));
    world.datasets.check("parquet", "t").unwrap();
    world.datasets.check("CSV", "./open.csv").unwrap();
    for (format, path) in
        [("csv", "t"), ("CSV", "t"), ("json", "t"), ("parquet", "t/_KEY_MATERIAL_FOR_a.json"), ("csv", "..")]
    {
        assert!(world.datasets.check(format, path).is_err(), "{format} {path}");
    }
}

#[tokio::test]
async fn a_file_that_is_replaced_while_a_session_reads_it_is_refused() {
    let world = World::new(|policy| policy.unsigned.add(name("u")));
    world.put("u/a", sealed_bytes(1)).await;
    world.list("u").await.unwrap();
    // A reader that knows the old size would look for the footer in what the file now has before it.
    world.put("u/a", [sealed_bytes(1), sealed_bytes(2)].concat()).await;
    world.list("u").await.unwrap_err();
    assert!(world.datasets.take_problem().unwrap().contains("open a new session"));

    let world = World::with_dataset(|_| ()).await;
    world.list("t").await.unwrap();
    let longer = [sealed_bytes(1), sealed_bytes(2)].concat();
    world.put("t/a.parquet", longer.clone()).await;
    let [_, (b, b_bytes), (c, c_bytes)] = files();
    let newer = manifest("t", 2, vec![sealed("a.parquet", &longer), sealed(b, &b_bytes), plain(c, &c_bytes)]);
    world.put("t/_casemate.manifest", newer).await;
    assert!(world.refusal().await.contains("'t/a.parquet' was replaced"));
}

#[tokio::test]
async fn a_new_version_with_more_files_is_seen_by_the_next_query_of_a_session() {
    let world = World::with_dataset(|_| ()).await;
    assert_eq!(world.list("t").await.unwrap().len(), 3);
    world.put("t/d.parquet", sealed_bytes(4)).await;
    let [(a, a_bytes), (b, b_bytes), (c, c_bytes)] = files();
    let files =
        vec![sealed(a, &a_bytes), sealed(b, &b_bytes), plain(c, &c_bytes), sealed("d.parquet", &sealed_bytes(4))];
    world.put("t/_casemate.manifest", manifest("t", 2, files)).await;
    assert_eq!(world.list("t").await.unwrap().len(), 4);
}
