//! Files of the Parquet library, encrypted by [`Sealer`], read as files in the clear.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection, RowSelector};
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::properties::WriterProperties;

use crate::wrapping::tests::TestKeys;
use crate::*;

const ROWS: usize = 1000;

fn keys(ids: &[&'static str]) -> TestKeys {
    let key = |id: &&'static str| (*id, vec![id.len() as u8; 32]);
    TestKeys { master: ids.iter().map(key).collect(), ..TestKeys::default() }
}

/// Column `a` and `b`, several row groups, several pages, dictionaries in `b`.
fn batch() -> RecordBatch {
    let a: ArrayRef = Arc::new(Int64Array::from_iter_values(0..ROWS as i64));
    let b: ArrayRef =
        Arc::new(StringArray::from_iter((0..ROWS).map(|row| (row % 7 > 0).then(|| format!("v{}", row % 5)))));
    RecordBatch::try_from_iter([("a", a), ("b", b)]).unwrap()
}

fn options() -> SealOptions {
    SealOptions { footer_key: "footer".into(), ..SealOptions::default() }
}

fn own_key_for_b() -> SealOptions {
    SealOptions { column_keys: BTreeMap::from([("b".into(), "b's".into())]), ..options() }
}

fn write(options: SealOptions) -> Bytes {
    write_rows(options, batch(), 400)
}

/// Several row groups of `group` rows, with four pages each.
fn write_rows(options: SealOptions, rows: RecordBatch, group: usize) -> Bytes {
    let sealer = Sealer::new(options, &keys(&["footer", "b's"])).unwrap();
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(group))
        .set_data_page_row_count_limit(group / 4)
        .set_write_batch_size(group / 8)
        .with_file_encryption_properties(sealer.file_properties(&["a".into(), "b".into()]).unwrap());
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, rows.schema(), Some(properties.build())).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
    out.into()
}

fn open_expecting(file: &Bytes, keys: &TestKeys, prefix: Option<&[u8]>) -> Result<SealedFile, Error> {
    let tail = file.last_chunk().ok_or(Error::Malformed("no tail"))?;
    let place = FooterPlace::find(file.len() as u64, tail)?.ok_or(Error::Malformed("no Parquet"))?;
    let bytes = file.slice(place.range.start as usize..place.range.end as usize);
    let footer = Footer::parse(&bytes, place.encrypted)?.ok_or(Error::Malformed("not encrypted"))?;
    footer.open(place.range, keys, None, prefix)
}

fn open(file: &Bytes, keys: &TestKeys) -> Result<SealedFile, Error> {
    open_expecting(file, keys, None)
}

/// A range of the file in the clear.
fn read(file: &Bytes, sealed: &SealedFile, range: std::ops::Range<u64>) -> Result<Bytes, Error> {
    let plan = sealed.plan(std::slice::from_ref(&range))?;
    let reads: Vec<Bytes> =
        plan.reads().iter().map(|range| file.slice(range.start as usize..range.end as usize)).collect();
    Ok(plan.finish(&reads, &FreshMemory)?.remove(0))
}

fn in_the_clear(file: &Bytes, keys: &TestKeys) -> Result<Bytes, Error> {
    let sealed = open(file, keys)?;
    read(file, &sealed, 0..file.len() as u64)
}

/// The rows of a file in the clear, read with page index and without.
fn rows(plain: &Bytes) -> RecordBatch {
    let mut all = Vec::new();
    for policy in [PageIndexPolicy::Required, PageIndexPolicy::Skip] {
        let options = ArrowReaderOptions::new().with_page_index_policy(policy);
        let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(plain.clone(), options).unwrap();
        let reader = reader.with_batch_size(ROWS).build().unwrap();
        let batches: Vec<_> = reader.map(Result::unwrap).collect();
        all.push(arrow::compute::concat_batches(&batches[0].schema(), &batches).unwrap());
    }
    assert_eq!(all[0], all[1]);
    all.remove(0)
}

#[test]
fn a_sealed_file_is_read_as_one_in_the_clear() {
    for key_length in [KeyLength::Bits128, KeyLength::Bits256] {
        for plaintext_footer in [false, true] {
            for options in [options(), own_key_for_b()] {
                let file = write(SealOptions { key_length, plaintext_footer, ..options });
                let plain = in_the_clear(&file, &keys(&["footer", "b's"])).unwrap();
                assert_eq!(plain.len(), file.len());
                assert_eq!(rows(&plain), batch());
            }
        }
    }
}

/// Spark 3.2 reads no column under the footer's key where the footer is in the clear.
#[test]
fn columns_have_keys_of_their_own_where_the_footer_is_in_the_clear() {
    for (plaintext_footer, expected) in [(false, Protection::FooterKey), (true, Protection::ColumnKey("footer".into()))]
    {
        let file = write(SealOptions { plaintext_footer, ..options() });
        let sealed = open(&file, &keys(&["footer"])).unwrap();
        assert_eq!(sealed.columns().iter().map(|column| &column.protection).collect::<Vec<_>>(), [&expected; 2]);
    }
}

#[test]
fn single_pages_can_be_read_once_the_page_index_was() {
    let file = write(own_key_for_b());
    let keys = keys(&["footer", "b's"]);
    let whole = in_the_clear(&file, &keys).unwrap();
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(whole.clone(), options).unwrap();
    let metadata = builder.metadata();

    let sealed = open(&file, &keys).unwrap();
    let cost = |range: std::ops::Range<u64>| {
        let plan = sealed.plan(&[range]).unwrap();
        plan.reads().iter().map(|range| range.end - range.start).sum::<u64>()
    };
    let chunk = metadata.row_group(1).column(0);
    let page = metadata.offset_index().unwrap()[1][0].page_locations()[2].clone();
    let range = page.offset as u64..page.offset as u64 + page.compressed_page_size as u64;
    assert_eq!(cost(range.clone()), chunk.byte_range().1);
    let index = chunk.offset_index_offset().unwrap() as u64;
    read(&file, &sealed, index..index + chunk.offset_index_length().unwrap() as u64).unwrap();
    assert_eq!(cost(range.clone()), range.end - range.start);
    let got = read(&file, &sealed, range.clone()).unwrap();
    assert_eq!(got, whole.slice(range.start as usize..range.end as usize));

    let selection = RowSelection::from(vec![RowSelector::skip(650), RowSelector::select(10), RowSelector::skip(340)]);
    let mut reader = builder.with_row_selection(selection).build().unwrap();
    assert_eq!(reader.next().unwrap().unwrap(), batch().slice(650, 10));
}

#[test]
fn any_range_is_that_of_the_whole() {
    let file = write(own_key_for_b());
    let keys = keys(&["footer", "b's"]);
    let whole = in_the_clear(&file, &keys).unwrap();
    for indexed in [false, true] {
        let sealed = open(&file, &keys).unwrap();
        if indexed {
            read(&file, &sealed, 0..file.len() as u64).unwrap();
        }
        let step = file.len() / 37;
        for start in (0..file.len()).step_by(step) {
            for end in (start..=file.len()).step_by(step * 3).chain([start + 1]) {
                let got = read(&file, &sealed, start as u64..end as u64).unwrap();
                assert_eq!(got, whole.slice(start..end), "{start}..{end}");
            }
        }
        assert!(read(&file, &sealed, 0..file.len() as u64 + 1).is_err());
    }
}

#[test]
fn a_column_without_its_key_is_an_error_only_where_it_is_read() {
    for plaintext_footer in [false, true] {
        let file = write(SealOptions { plaintext_footer, ..own_key_for_b() });
        let sealed = open(&file, &keys(&["footer"])).unwrap();
        let missing = KeyError::MissingMaster { id: "b's".into() };
        let protections: Vec<_> = sealed.columns().iter().map(|c| (c.path.as_str(), c.protection.clone())).collect();
        let expected = [("a", Protection::ColumnKey("footer".into())), ("b", Protection::Locked(missing.clone()))];
        assert_eq!(protections, expected);

        let footer = read(&file, &sealed, file.len() as u64 - 8..file.len() as u64).unwrap();
        let length = u32::from_le_bytes(*footer.first_chunk().unwrap()) as usize;
        let range = (file.len() - 8 - length) as u64..file.len() as u64;
        let footer = read(&file, &sealed, range.clone()).unwrap();
        let metadata = parquet::file::metadata::ParquetMetaDataReader::decode_metadata(&footer[..length]).unwrap();
        for group in metadata.row_groups() {
            let chunk = |column: usize| {
                let (start, length) = group.column(column).byte_range();
                read(&file, &sealed, start..start + length)
            };
            chunk(0).unwrap();
            let error = chunk(1).unwrap_err();
            assert_eq!(error, Error::Column { column: "b".into(), cause: missing.clone() });
        }
    }
}

#[test]
fn a_missing_or_wrong_footer_key_is_named() {
    let file = write(options());
    assert_eq!(open(&file, &keys(&[])).unwrap_err(), Error::Key(KeyError::MissingMaster { id: "footer".into() }));
    let wrong = TestKeys { master: BTreeMap::from([("footer", vec![0; 32])]), ..TestKeys::default() };
    assert_eq!(open(&file, &wrong).unwrap_err(), Error::Key(KeyError::WrongMaster { id: "footer".into() }));
}

#[test]
fn an_expected_prefix_must_be_the_files() {
    let keys = keys(&["footer", "b's"]);
    let with = write(SealOptions { aad_prefix: Some(b"sales/2024".to_vec()), ..options() });
    let without = write(options());
    assert!(open_expecting(&with, &keys, None).is_ok());
    assert!(open_expecting(&with, &keys, Some(b"sales/2024")).is_ok());
    assert!(matches!(open_expecting(&with, &keys, Some(b"sales/2023")), Err(Error::AadPrefix(_))));
    assert!(matches!(open_expecting(&without, &keys, Some(b"sales/2024")), Err(Error::AadPrefix(_))));
}

#[test]
fn a_prefix_that_is_not_in_the_file_must_be_supplied() {
    let properties = parquet::encryption::encrypt::FileEncryptionProperties::builder(vec![7; 16])
        .with_footer_key_metadata(b"k".to_vec())
        .with_aad_prefix(b"prefix".to_vec())
        .build()
        .unwrap();
    let properties = WriterProperties::builder().with_file_encryption_properties(properties).build();
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, batch().schema(), Some(properties)).unwrap();
    writer.write(&batch()).unwrap();
    writer.close().unwrap();
    let file = Bytes::from(out);
    let keys = TestKeys { data: BTreeMap::from([("k", vec![7; 16])]), ..TestKeys::default() };
    assert!(open_expecting(&file, &keys, Some(b"prefix")).is_ok());
    assert!(matches!(open_expecting(&file, &keys, None), Err(Error::AadPrefix(_))));
    assert_eq!(open_expecting(&file, &keys, Some(b"another")).unwrap_err(), Error::WrongFooterKey { id: "k".into() });
}

#[test]
fn a_column_to_seal_that_is_not_there_is_named() {
    let sealer = Sealer::new(own_key_for_b(), &keys(&["footer", "b's"])).unwrap();
    let error = sealer.file_properties(&["a".into(), "b.c".into()]).unwrap_err().to_string();
    assert!(error.contains("'b'") && error.contains("b's"), "{error}");
}

/// Whatever is changed in a file: it is refused, or the change was where nothing is read.
#[test]
fn no_changed_byte_and_no_huge_length_does_harm() {
    let keys = keys(&["footer", "b's"]);
    for plaintext_footer in [false, true] {
        let file = write_rows(SealOptions { plaintext_footer, ..own_key_for_b() }, batch().slice(0, 24), 16);
        let whole = in_the_clear(&file, &keys).unwrap();
        let mut changes: Vec<(usize, Vec<u8>)> = Vec::new();
        for at in 0..file.len() {
            changes.push((at, vec![file[at] ^ 1 << (at % 8)]));
            changes.push((at, vec![0xff, 0xff, 0xff, 0xff]));
            changes.push((at, vec![0, 0, 0, 0]));
        }
        for (at, change) in changes {
            let mut changed = file.to_vec();
            let end = (at + change.len()).min(file.len());
            changed[at..end].copy_from_slice(&change[..end - at]);
            if changed == file {
                continue;
            }
            if let Ok(plain) = in_the_clear(&changed.into(), &keys) {
                assert_eq!(plain[4..], whole[4..], "byte {at}");
            }
        }
        for cut in 0..file.len() {
            assert!(in_the_clear(&file.slice(..cut), &keys).is_err(), "cut at {cut}");
        }
    }
}
