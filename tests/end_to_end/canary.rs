//! The canary rule: known strings are in the query, the table, the keys and the result, and nowhere in what a parent sees.

use std::fs;
use std::path::Path;

use casemate_tests::data::{self, CANARY_COLUMN, CANARY_VALUES};
use casemate_tests::deployment::{Deployment, Plan};
use casemate_tests::engines;
use casemate_wire::session::{EndStatus, ResultItem};
use memchr::memmem;

use crate::PROGRAMS;

const QUERY_CANARY: &str = "canary-literal-of-the-query";
const ALIAS_CANARY: &str = "canary_alias_of_the_query";
const SYNTAX_CANARY: &str = "canary-in-a-syntax-error";
const NAME_CANARY: &str = "canary_of_a_missing_column";
const TABLE_CANARY: &str = "canary_of_a_missing_table";

/// Queries that succeed and queries that fail, each with canaries.
fn queries() -> [String; 4] {
    let table = "parquet.`ledger.parquet`";
    [
        format!(
            "SELECT {CANARY_COLUMN}, count(*) AS {ALIAS_CANARY} FROM {table} WHERE {CANARY_COLUMN} <> '{QUERY_CANARY}' GROUP BY {CANARY_COLUMN}"
        ),
        format!("SELEC '{SYNTAX_CANARY}'"),
        format!("SELECT {NAME_CANARY} FROM {table}"),
        format!("SELECT 1 FROM {TABLE_CANARY}"),
    ]
}

/// Everything that nobody but the client and the enclave may see, in the forms in which it could leak.
fn canaries(deployment: &Deployment) -> Vec<Vec<u8>> {
    let texts = [QUERY_CANARY, ALIAS_CANARY, SYNTAX_CANARY, NAME_CANARY, TABLE_CANARY, CANARY_COLUMN];
    let mut canaries: Vec<Vec<u8>> = texts.iter().chain(&CANARY_VALUES).map(|text| text.as_bytes().to_vec()).collect();
    let identity = deployment.keys.identity.to_bytes();
    for secret in [&data::KEY[..], &identity[..], &deployment.keys.result_key.as_bytes()[..]] {
        let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        canaries.extend([secret.to_vec(), hex.to_uppercase().into_bytes(), hex.into_bytes()]);
    }
    canaries
}

/// The canaries in a haystack, as text.
fn found(canaries: &[Vec<u8>], haystacks: &[(String, Vec<u8>)]) -> Vec<String> {
    let mut found = Vec::new();
    for (place, bytes) in haystacks {
        let here = canaries.iter().filter(|canary| memmem::find(bytes, canary).is_some());
        found.extend(here.map(|canary| format!("{:?} in {place}", String::from_utf8_lossy(canary))));
    }
    found
}

/// Runs the queries over a table, then stops everything, and gives all that the parent saw: traffic, files, outputs.
async fn what_a_parent_sees(encrypted: bool) -> (Vec<Vec<u8>>, Vec<(String, Vec<u8>)>, usize) {
    let data = tempfile::tempdir().unwrap();
    data::write_canary_table(&data.path().join("ledger.parquet"), encrypted);
    let mut deployment = Plan::new(PROGRAMS, data.path()).tapped().start().await;
    let mut client = deployment.connect().await;
    let mut rows = 0;
    for sql in queries() {
        let mut answer = client.query(&sql).await.unwrap();
        while let Some(item) = casemate_tests::soon("the answer", answer.next()).await.unwrap() {
            match item {
                ResultItem::Batch(batch) => rows += batch.num_rows(),
                ResultItem::End(EndStatus::Failed(failure)) => assert_ne!(failure.kind, "internal", "{failure:?}"),
                _ => {}
            }
        }
    }
    client.close().await.unwrap();
    let canaries = canaries(&deployment);

    let stopped = [deployment.engine.stop().await, deployment.parent.stop().await];
    assert_eq!(stopped, [Some(0), Some(0)]);
    let mut seen = vec![
        ("the engine's stdout".to_owned(), deployment.engine.rest_of_stdout().await.into_bytes()),
        ("the engine's stderr".to_owned(), deployment.engine.log().into_bytes()),
        ("the parent's stdout".to_owned(), deployment.parent.rest_of_stdout().await.into_bytes()),
        ("the parent's stderr".to_owned(), deployment.parent.log().into_bytes()),
        ("the access file".to_owned(), fs::read(deployment.file("access.json")).unwrap()),
        ("the trust file".to_owned(), fs::read(deployment.file("trust.json")).unwrap()),
    ];
    for file in files(data.path()) {
        seen.push((file.clone(), fs::read(data.path().join(&file)).unwrap()));
        seen.push(("a file's name".to_owned(), file.into_bytes()));
    }
    let names = ["to and from the engine", "storage traffic", "to and from the client"];
    for (name, recording) in names.iter().zip(&deployment.recordings) {
        // The smallest is that of the storage: a small file is read once.
        assert!(recording.bytes() > 500, "the tap on {name} saw nothing");
        seen.extend(recording.streams().into_iter().map(|bytes| ((*name).to_owned(), bytes)));
    }
    (canaries, seen, rows)
}

fn files(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn a_parent_sees_nothing_of_queries_tables_keys_or_results() {
    let (canaries, seen, rows) = what_a_parent_sees(true).await;
    assert_eq!(rows, CANARY_VALUES.len(), "the query had its answer");
    assert_eq!(found(&canaries, &seen), [""; 0]);
}

#[tokio::test]
async fn the_same_search_finds_the_values_of_a_table_that_is_not_encrypted() {
    let (canaries, seen, rows) = what_a_parent_sees(false).await;
    assert_eq!(rows, CANARY_VALUES.len());
    let found = found(&canaries, &seen);
    for place in ["storage traffic", "ledger.parquet"] {
        for value in CANARY_VALUES.iter().chain([&CANARY_COLUMN]) {
            assert!(found.contains(&format!("{value:?} in {place}")), "{value} in {place}: {found:?}");
        }
    }
    // The table was in the clear, the session was not.
    assert!(!found.iter().any(|line| line.contains("the engine") || line.contains("the client")), "{found:?}");
}

#[test]
fn the_search_finds_a_secret_in_any_place_and_form() {
    let keys = engines::keys();
    let secret = keys.identity.to_bytes().to_vec();
    let haystacks = [("log".to_owned(), [b"..".to_vec(), secret.clone(), b"..".to_vec()].concat())];
    assert_eq!(found(&[secret, b"not there".to_vec()], &haystacks).len(), 1);
}
