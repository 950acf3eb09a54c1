//! Manifests that somebody bends, one test for each reason to refuse one.

use std::sync::OnceLock;

use super::*;
use crate::data_policy::DataPolicy;
use crate::identity::ClientIdentity;
use crate::test_random::TestRandom;

fn identity() -> &'static ClientIdentity {
    static IDENTITY: OnceLock<ClientIdentity> = OnceLock::new();
    IDENTITY.get_or_init(|| ClientIdentity::generate().unwrap())
}

fn name(text: &str) -> DatasetName {
    text.parse().unwrap()
}

fn chunked(path: &str, bytes: &[u8]) -> ManifestFile {
    let mut chunks = ChunkHashes::new(MIN_CHUNK_BYTES);
    bytes.chunks(MIN_CHUNK_BYTES as usize).for_each(|chunk| chunks.push(chunk));
    ManifestFile {
        path: path.to_owned(),
        size: bytes.len() as u64,
        rows: None,
        content: Content::Plain,
        integrity: Integrity::Chunks(chunks),
    }
}

fn sealed(path: &str) -> ManifestFile {
    ManifestFile {
        path: path.to_owned(),
        size: 1_000,
        rows: Some(10),
        content: Content::Encrypted,
        integrity: Integrity::Footer(FooterHash::of(900, &[7; 100])),
    }
}

fn sample() -> Manifest {
    let files = vec![
        sealed("year=2021/b.parquet"),
        chunked("year=2022/a.csv", &[1; 10_000]),
        chunked("year=2022/empty.csv", &[]),
    ];
    let column = ManifestColumn { name: "id".into(), data_type: "bigint".into() };
    let mut manifest = Manifest::new(name("lake/sales"), 7, files).unwrap();
    manifest.columns = vec![column];
    manifest.partition_columns = vec!["year".into()];
    manifest
}

fn verify(file: &[u8]) -> Result<Manifest, ManifestError> {
    Manifest::verify(file, &[identity().public()])
}

#[test]
fn a_manifest_reads_back_under_its_signature() {
    let file = sample().sign(identity()).unwrap();
    assert_eq!(verify(&file).unwrap(), sample());
    assert_eq!(signer(&file).unwrap(), identity().public());
}

#[test]
fn a_manifest_of_a_signer_that_nobody_trusts_is_refused() {
    let file = sample().sign(&ClientIdentity::generate().unwrap()).unwrap();
    assert!(matches!(verify(&file), Err(ManifestError::UnknownSigner(_))));
    assert!(matches!(Manifest::verify(&file, &[]), Err(ManifestError::UnknownSigner(_))));
}

#[test]
fn partition_columns_that_the_paths_of_its_files_do_not_name_are_refused() {
    for columns in [&["month"][..], &["year", "month"]] {
        let mut manifest = sample();
        manifest.partition_columns = columns.iter().map(|column| (*column).to_owned()).collect();
        let refused = verify(&manifest.sign(identity()).unwrap()).unwrap_err();
        assert!(refused.to_string().contains("partition columns"), "{refused}");
    }
    assert_eq!(partition_columns(["a=1/f", "b=1/f"]), None);
    assert_eq!(partition_columns(["a=1/b=x=y/f", "a=2/b=/f"]), Some(vec!["a".to_owned(), "b".to_owned()]));
}

#[test]
fn no_changed_byte_of_a_manifest_is_accepted() {
    let file = sample().sign(identity()).unwrap();
    let mut random = TestRandom::new(5);
    for _ in 0..300 {
        let changed = random.mutate(&file);
        if changed != file {
            assert!(verify(&changed).is_err());
        }
    }
    let line = file.iter().position(|byte| *byte == b'\n').unwrap();
    let upper = [&file[..20], &file[20..line].to_ascii_uppercase(), &file[line..]].concat();
    assert!(verify(&upper).is_err(), "the same digits in another case");
    for cut in [0, 1, 20, file.len() / 2, file.len() - 1] {
        assert!(verify(&file[..cut]).is_err());
    }
}

#[test]
fn a_signature_made_for_something_else_is_none_of_a_manifest() {
    let text = sample().to_json();
    let signature = hex::encode(identity().sign(&text));
    let line = format!("casemate manifest 1 {} {signature}\n", identity().public());
    assert!(matches!(verify(&[line.as_bytes(), &text].concat()), Err(ManifestError::Signature)));
}

#[test]
fn the_manifest_of_another_dataset_and_an_old_one_are_not_accepted() {
    let mut policy = DataPolicy::default();
    sample().accept(&name("lake/sales"), &policy).unwrap();
    assert!(matches!(sample().accept(&name("lake/hr"), &policy), Err(ManifestError::OtherDataset { .. })));
    policy.require(name("lake/sales"), 7);
    sample().accept(&name("lake/sales"), &policy).unwrap();
    policy.require(name("lake/sales"), 8);
    let error = sample().accept(&name("lake/sales"), &policy).unwrap_err();
    assert!(matches!(error, ManifestError::Stale { found: 7, expected: 8, .. }), "{error}");
}

#[test]
fn files_are_found_by_their_names_and_folders() {
    let manifest = sample();
    assert_eq!(manifest.file(&name("lake/sales/year=2022/a.csv")).unwrap().size, 10_000);
    assert_eq!(manifest.file(&name("lake/sales/b.csv")), None);
    assert_eq!(manifest.file(&name("lake/sales2/a.csv")), None);
    assert_eq!(manifest.files_at(&name("lake/sales/year=2021")).count(), 1);
    assert_eq!(manifest.files_at(&name("lake")).count(), 3);
    let single = Manifest::new(name("people.csv"), 1, vec![chunked(WHOLE_DATASET, b"x")]).unwrap();
    assert_eq!(single.file(&name("people.csv")).unwrap().size, 1);
    assert_eq!(
        single.files_at(&name("people.csv")).map(|(name, _)| name.to_string()).collect::<Vec<_>>(),
        ["people.csv"]
    );
}

#[test]
fn files_that_can_not_be_true_are_refused() {
    let refused = |file: ManifestFile| Manifest::new(name("t"), 1, vec![file]).is_err();
    for path in ["", "../x", "a//b", "./a", "/a", "a/"] {
        assert!(refused(chunked(path, b"x")), "{path}");
    }
    assert!(refused(ManifestFile { size: 4_097, ..chunked("a", &[0; 4096]) }));
    assert!(refused(ManifestFile { size: 0, ..chunked("a", b"x") }));
    assert!(refused(ManifestFile { size: 899, ..sealed("a") }));
    assert!(refused(ManifestFile { size: 904, ..sealed("a") }));
    assert!(refused(ManifestFile { size: u64::MAX, ..sealed("a") }));
    assert!(refused(ManifestFile { content: Content::Plain, ..sealed("a") }));
    assert!(Manifest::new(name("t"), 1, vec![]).is_err());
    assert!(Manifest::new(name("t"), 1, vec![sealed("a"), sealed("a")]).is_err());
    assert!(Manifest::new(name("t"), 1, vec![sealed("a"), sealed(WHOLE_DATASET)]).is_err());
}

#[test]
fn each_range_is_checked_by_the_chunks_around_it() {
    let bytes: Vec<u8> = (0..10_000u32).map(|at| (at / 7) as u8).collect();
    let Integrity::Chunks(chunks) = chunked("a", &bytes).integrity else { panic!("chunks") };
    let range = chunks.aligned(&(5_000..5_001), 10_000);
    assert_eq!(range, 4_096..8_192);
    assert_eq!(chunks.aligned(&(9_000..9_001), 10_000), 8_192..10_000);
    assert!(chunks.matches(4_096, &bytes[4_096..8_192]));
    assert!(chunks.matches(0, &bytes));
    assert!(!chunks.matches(0, &bytes[4_096..8_192]), "a chunk at another place");
    assert!(!chunks.matches(4_096, &bytes[4_096..8_191]));
    assert!(!chunks.matches(1, &bytes[1..4_096]));
    assert!(!chunks.matches(12_288, &bytes[..10]), "a chunk beyond the end");
}

#[test]
fn what_spark_hides_is_none_of_a_table() {
    for path in ["_SUCCESS", "a/.x.crc", "_temporary/0/x", MANIFEST_FILE] {
        assert!(is_hidden(path), "{path}");
    }
    for path in ["a", "_year=1/a", "year=_x/a", WHOLE_DATASET] {
        assert!(!is_hidden(path), "{path}");
    }
}

#[test]
fn manifests_lie_in_a_folder_or_beside_a_file() {
    assert_eq!(Manifest::locations(&name("a/t")), ["a/t/_casemate.manifest", "a/_t.casemate.manifest"]);
    assert_eq!(Manifest::locations(&name("t.csv"))[1], "_t.csv.casemate.manifest");
    assert!(is_hidden("_t.csv.casemate.manifest"));
}
