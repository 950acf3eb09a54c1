//! Encrypted files that a parent changed: every byte, every cut, every replacement. An answer is right or there is none.

use std::fs;
use std::ops::Range;
use std::path::Path;

use arrow::array::AsArray;
use bytes::Bytes;
use casemate_host::HostError;
use casemate_host::client::Client;
use casemate_tests::data::{self, CANARY_VALUES, KEY};
use casemate_tests::engines::{Folder, LocalEngine};
use casemate_tests::soon;
use parquet::encryption::decrypt::FileDecryptionProperties;
use parquet::file::metadata::ParquetMetaDataReader;

const TABLE: &str = "t.parquet";

/// Header and body of the dictionary page and of the one data page, each with a length of 4 bytes before it.
const MODULES_OF_A_COLUMN: usize = 4;

/// Where the pages of the only column lie.
fn rows_range(file: &[u8]) -> Range<usize> {
    let keys = FileDecryptionProperties::builder(KEY.to_vec()).build().unwrap();
    let mut reader = ParquetMetaDataReader::new().with_decryption_properties(Some(keys));
    reader.try_parse(&Bytes::copy_from_slice(file)).unwrap();
    let (start, length) = reader.finish().unwrap().row_group(0).column(0).byte_range();
    start as usize..(start + length) as usize
}

/// A session over a folder with one encrypted table, and the table's bytes.
async fn session(folder: &Path) -> (LocalEngine, Client, Vec<u8>) {
    data::write_canary_table(&folder.join(TABLE), true);
    let original = fs::read(folder.join(TABLE)).unwrap();
    let (engine, client) = LocalEngine::with_client(Folder::new(folder)).await;
    (engine, client, original)
}

/// The table's rows, or how reading it failed.
async fn read(client: &mut Client) -> Result<Vec<String>, String> {
    let query = format!("SELECT * FROM parquet.`{TABLE}`");
    match soon("an answer", client.query(&query).await.unwrap().collect()).await {
        Ok(answers) => {
            let batches = answers.iter().flat_map(|answer| &answer.batches);
            Ok(batches
                .flat_map(|batch| batch.column(0).as_string::<i32>().iter().flatten())
                .map(str::to_owned)
                .collect())
        }
        Err(HostError::Query(failure)) => Err(failure.message),
        Err(other) => panic!("the session was harmed: {other:?}"),
    }
}

/// Reads what stands in the folder now: either it is an error, or the rows are the true ones.
async fn assert_right_or_refused(client: &mut Client, folder: &Path, bytes: &[u8], change: &str) -> bool {
    fs::write(folder.join(TABLE), bytes).unwrap();
    match read(client).await {
        Ok(rows) => {
            assert_eq!(rows, CANARY_VALUES, "{change} changed the answer");
            false
        }
        Err(message) => {
            assert!(!message.contains("panic"), "{change}: {message}");
            true
        }
    }
}

#[tokio::test]
async fn no_changed_byte_changes_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let (_engine, mut client, original) = session(folder.path()).await;
    assert_eq!(read(&mut client).await.unwrap(), CANARY_VALUES);
    let mut unread = Vec::new();
    for at in 0..original.len() {
        let mut changed = original.clone();
        changed[at] ^= 1 << (at % 8);
        let change = format!("bit {} of byte {at}", at % 8);
        if !assert_right_or_refused(&mut client, folder.path(), &changed, &change).await {
            unread.push(at);
        }
    }
    // What nothing noticed was not read: the magic at the start, the page index, or the length before a module whose
    // place and size the footer says as well. Of the rows themselves each byte counts.
    let rows = rows_range(&original);
    let lengths = unread.iter().filter(|at| rows.contains(at)).count();
    assert!(lengths <= 4 * MODULES_OF_A_COLUMN, "{unread:?} were not noticed, the rows are at {rows:?}");
}

#[tokio::test]
async fn a_file_that_was_cut_or_lengthened_anywhere_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (_engine, mut client, original) = session(folder.path()).await;
    for length in 0..original.len() {
        let refused =
            assert_right_or_refused(&mut client, folder.path(), &original[..length], &format!("a cut at {length}"))
                .await;
        assert!(refused, "a file cut at {length} of {} was read", original.len());
    }
    for extra in [1, 7, 4096] {
        let mut longer = original.clone();
        longer.resize(original.len() + extra, 0);
        assert!(assert_right_or_refused(&mut client, folder.path(), &longer, "more bytes at the end").await);
    }
}

#[tokio::test]
async fn every_length_in_a_file_may_be_the_largest_without_harm() {
    let folder = tempfile::tempdir().unwrap();
    let (_engine, mut client, original) = session(folder.path()).await;
    for at in 0..original.len() - 4 {
        let mut changed = original.clone();
        changed[at..at + 4].copy_from_slice(&[0xff, 0xff, 0xff, 0x7f]);
        assert_right_or_refused(&mut client, folder.path(), &changed, &format!("a huge length at {at}")).await;
    }
    fs::write(folder.path().join(TABLE), &original).unwrap();
    assert_eq!(read(&mut client).await.unwrap(), CANARY_VALUES);
}

#[tokio::test]
async fn a_file_of_another_writer_in_place_of_the_encrypted_one_is_seen_as_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (_engine, mut client, _original) = session(folder.path()).await;
    let other_key = tempfile::tempdir().unwrap();
    data::write_canary_table_under(&other_key.path().join(TABLE), Some(b"a key that no client has sent..."));
    let forged = fs::read(other_key.path().join(TABLE)).unwrap();
    assert!(assert_right_or_refused(&mut client, folder.path(), &forged, "a file under another key").await);
}
