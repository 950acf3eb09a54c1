//! Files that Spark 3.2.0 and pyarrow wrote, read with the Parquet library as files in the clear.
//!
//! `interop/make-files` makes them; `interop/check-readers` looks whether both read ours.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::compute::{cast, concat_batches};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sealed_parquet::{
    Error, ExternalMaterial, Footer, FooterPlace, FreshMemory, KeyError, Keys, Protection, SealedFile,
    external_file_name,
};
use support::{TestKeys, table};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files")
}

/// The names of the Parquet files.
fn names() -> Vec<String> {
    let names: BTreeSet<String> =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.into_iter().filter(|name| name.ends_with(".parquet")).collect()
}

fn open(name: &str, file: &Bytes, keys: &dyn Keys) -> Result<SealedFile, Error> {
    let place = FooterPlace::find(file.len() as u64, file.last_chunk().unwrap())?.unwrap();
    let bytes = file.slice(place.range.start as usize..place.range.end as usize);
    let footer = Footer::parse(&bytes, place.encrypted)?.unwrap();
    let material = footer.has_external_material().then(|| {
        let material = external_file_name(name);
        ExternalMaterial::parse(&material, &fs::read(folder().join(&material)).unwrap()).unwrap()
    });
    // The prefix in a file need not be supplied; one that is nowhere else must be.
    let prefix = name.contains("-supplied").then_some(&b"sales/2024"[..]);
    footer.open(place.range, keys, material.as_ref(), prefix)
}

fn in_the_clear(file: &Bytes, sealed: &SealedFile) -> Result<Bytes, Error> {
    let plan = sealed.plan(std::slice::from_ref(&(0..file.len() as u64)))?;
    let reads: Vec<_> = plan.reads().iter().map(|range| file.slice(range.start as usize..range.end as usize)).collect();
    Ok(plan.finish(&reads, &FreshMemory)?.remove(0))
}

fn rows(plain: Bytes, columns: Option<&[usize]>) -> parquet::errors::Result<RecordBatch> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(plain)?;
    let mask = match columns {
        None => ProjectionMask::all(),
        Some(columns) => ProjectionMask::roots(builder.parquet_schema(), columns.iter().copied()),
    };
    let batches = builder.with_projection(mask).build()?.collect::<Result<Vec<_>, _>>()?;
    Ok(concat_batches(&batches[0].schema(), &batches)?)
}

/// Columns of `expected`, which writers may declare a little otherwise (never NULL, another unit of time).
fn assert_equal(name: &str, rows: &RecordBatch, expected: &RecordBatch) {
    assert_eq!(rows.num_columns(), expected.num_columns(), "{name}");
    for (column, field) in expected.columns().iter().zip(expected.schema().fields()) {
        let read = rows.column_by_name(field.name()).unwrap();
        assert_eq!(&cast(read, field.data_type()).unwrap(), column, "{name}: {}", field.name());
    }
}

#[test]
fn every_variant_is_there() {
    let names = names();
    for writer in ["spark", "pyarrow"] {
        for part in ["gcm-128", "gcm-256", "ctr", "plain-footer", "single", "uniform"] {
            assert!(names.iter().any(|name| name.starts_with(writer) && name.contains(part)), "{writer} {part}");
        }
    }
    assert!(names.iter().any(|name| name.contains("external")));
    assert!(names.iter().any(|name| name.contains("supplied")));
}

#[test]
fn every_file_is_read_with_its_keys() {
    for name in names() {
        let file = Bytes::from(fs::read(folder().join(&name)).unwrap());
        let sealed = open(&name, &file, &TestKeys::all()).unwrap();
        let read = rows(in_the_clear(&file, &sealed).unwrap(), None).unwrap();
        assert_equal(&name, &read, &table());
    }
}

#[test]
fn a_column_whose_key_is_not_held_is_an_error_only_where_it_is_read() {
    let keys = TestKeys { held: vec!["footer", "names"] };
    let mut seen = 0;
    for name in names().iter().filter(|name| !name.contains("uniform")) {
        let file = Bytes::from(fs::read(folder().join(name)).unwrap());
        let sealed = open(name, &file, &keys).unwrap();
        let locked: Vec<_> = sealed
            .columns()
            .iter()
            .filter(|column| matches!(column.protection, Protection::Locked(KeyError::MissingMaster { .. })))
            .map(|column| column.path.as_str())
            .collect();
        assert_eq!(locked, ["amount", "place.city"], "{name}");
        let error = in_the_clear(&file, &sealed);
        if name.contains("plain-footer") {
            let error = error.unwrap_err();
            assert!(matches!(&error, Error::Column { column, .. } if column == "amount"), "{name}: {error}");
        }
        seen += 1;
    }
    assert!(seen > 8);
}

#[test]
fn nothing_opens_without_the_footers_key() {
    let keys = TestKeys { held: vec!["names", "money"] };
    for name in names() {
        let file = Bytes::from(fs::read(folder().join(&name)).unwrap());
        let error = open(&name, &file, &keys).unwrap_err();
        assert!(
            matches!(error, Error::Key(KeyError::MissingMaster { .. } | KeyError::Missing { .. })),
            "{name}: {error}"
        );
    }
}

/// Bytes of files that are changed in a test are this far apart; the crate's own tests change every byte of a small file.
const STRIDE: usize = 17;

/// Bytes of each file, and four bytes that may be a length: an error, or the same rows. Where pages are not
/// protected (AES-CTR), at least nothing panics and nothing is allocated for a length that the file doesn't have.
#[test]
fn no_changed_byte_does_harm() {
    for name in names() {
        let file = fs::read(folder().join(&name)).unwrap();
        let original = Bytes::from(file.clone());
        let whole = in_the_clear(&original, &open(&name, &original, &TestKeys::all()).unwrap()).unwrap();
        let authenticated = !name.contains("ctr");
        for at in (0..file.len()).step_by(STRIDE) {
            for change in [&[file[at] ^ 0x10][..], &[0xff; 4], &[0; 4]] {
                let mut changed = file.clone();
                let end = (at + change.len()).min(file.len());
                changed[at..end].copy_from_slice(&change[..end - at]);
                let unchanged = changed == file;
                let changed = Bytes::from(changed);
                if unchanged || FooterPlace::find(changed.len() as u64, changed.last_chunk().unwrap()) == Ok(None) {
                    continue;
                }
                let Ok(sealed) = std::panic::catch_unwind(|| open_or_plain(&name, &changed)) else {
                    panic!("{name}: byte {at}")
                };
                let plain = sealed.and_then(|sealed| in_the_clear(&changed, &sealed));
                let encrypted_everywhere = name.contains("uniform");
                if let Ok(plain) = plain
                    && authenticated
                    && encrypted_everywhere
                {
                    assert_eq!(plain[4..], whole[4..], "{name}: byte {at}");
                }
            }
        }
    }
}

/// A damaged footer in the clear may be one that doesn't tell of encryption any more.
fn open_or_plain(name: &str, file: &Bytes) -> Result<SealedFile, Error> {
    let place = FooterPlace::find(file.len() as u64, file.last_chunk().unwrap())?.unwrap();
    let bytes = file.slice(place.range.start as usize..place.range.end as usize);
    match Footer::parse(&bytes, place.encrypted)? {
        Some(_) => open(name, file, &TestKeys::all()),
        None => Err(Error::Malformed("not encrypted")),
    }
}
