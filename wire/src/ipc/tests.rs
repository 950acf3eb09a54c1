//! Round trips of every type, slicing, and hostile bytes.

use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::*;

use super::*;
use crate::frame::FrameType;
use crate::record::MAX_CONTENT;
use crate::test_random::TestRandom;
use crate::{Error, Result};

/// A batch with a column of every type that results have, nulls in each.
pub(crate) fn every_type() -> RecordBatch {
    let strings: StringArray = vec![Some("a"), None, Some("zwölf")].into();
    let ints = Int32Array::from(vec![Some(1), None, Some(i32::MIN)]);
    let item = Arc::new(Field::new("item", DataType::Int32, true));
    let list = ListArray::new(item, OffsetBuffer::from_lengths([2, 0, 1]), Arc::new(ints.clone()), None);
    let structs = StructArray::from(vec![
        (Arc::new(Field::new("x", DataType::Int32, true)), Arc::new(ints.clone()) as ArrayRef),
        (Arc::new(Field::new("y", DataType::Utf8, true)), Arc::new(strings.clone()) as ArrayRef),
    ]);
    let mut map = MapBuilder::new(None, StringBuilder::new(), Int64Builder::new());
    map.keys().append_value("k");
    map.values().append_value(1);
    map.append(true).unwrap();
    map.append(false).unwrap();
    map.append(true).unwrap();
    let decimals = Decimal128Array::from(vec![Some(15), None, Some(-1)]).with_precision_and_scale(10, 2).unwrap();
    let stamps = TimestampMicrosecondArray::from(vec![Some(0), None, Some(-1)]).with_timezone("Europe/Berlin");
    let calendar = IntervalMonthDayNanoArray::from(vec![
        Some(IntervalMonthDayNano::new(1, 2, 3)),
        None,
        Some(IntervalMonthDayNano::new(-1, -2, -3)),
    ]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("null", Arc::new(NullArray::new(3))),
        ("bool", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ("tiny", Arc::new(Int8Array::from(vec![Some(1), None, Some(-1)]))),
        ("int", Arc::new(ints)),
        ("big", Arc::new(Int64Array::from(vec![Some(1), None, Some(i64::MIN)]))),
        ("float", Arc::new(Float32Array::from(vec![Some(1.5), None, Some(f32::INFINITY)]))),
        ("double", Arc::new(Float64Array::from(vec![Some(-0.0), None, Some(2.0)]))),
        ("string", Arc::new(strings)),
        ("binary", Arc::new(BinaryArray::from(vec![Some(&b"\0"[..]), None, Some(b"")]))),
        ("date", Arc::new(Date32Array::from(vec![Some(0), None, Some(-1)]))),
        ("timestamp", Arc::new(stamps)),
        ("decimal", Arc::new(decimals)),
        ("months", Arc::new(IntervalYearMonthArray::from(vec![Some(1), None, Some(-1)]))),
        ("micros", Arc::new(DurationMicrosecondArray::from(vec![Some(1), None, Some(-1)]))),
        ("calendar", Arc::new(calendar)),
        ("list", Arc::new(list)),
        ("struct", Arc::new(structs)),
        ("map", Arc::new(map.finish())),
        ("dictionary", Arc::new(DictionaryArray::<Int32Type>::from_iter([Some("x"), None, Some("y")]))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true))).unwrap()
}

/// All records of one statement's result.
fn encode(batches: &[RecordBatch]) -> Result<Vec<Encoded>> {
    let mut encoder = Encoder::new();
    let mut records = vec![encoder.schema(&batches[0].schema())?];
    for batch in batches {
        let mut slices = Encoder::slices(batch)?;
        while !slices.is_empty() {
            records.extend(encoder.next_slice(&mut slices)?);
        }
    }
    Ok(records)
}

fn decode(records: Vec<Encoded>) -> Result<Vec<RecordBatch>> {
    let mut decoder = Decoder::default();
    let mut batches = Vec::new();
    for record in records {
        if let Message::Batch(batch) = decoder.decode(record.kind, record.content)? {
            batches.push(batch);
        }
    }
    Ok(batches)
}

fn assert_comes_back(batch: &RecordBatch) -> usize {
    let batches = decode(encode(std::slice::from_ref(batch)).unwrap()).unwrap();
    let count = batches.len();
    assert_eq!(&arrow::compute::concat_batches(&batch.schema(), &batches).unwrap(), batch);
    count
}

#[test]
fn every_type_comes_back_as_it_was() {
    let batch = every_type();
    assert_eq!(assert_comes_back(&batch), 1);
    assert_comes_back(&batch.slice(1, 2));
    assert_comes_back(&batch.slice(0, 0));
}

#[test]
fn metadata_and_repeated_column_names_come_back() {
    let typed = |name: &str| {
        Field::new(name, DataType::Int32, false).with_metadata([("spark.type".into(), "int".into())].into())
    };
    let schema =
        Schema::new(vec![typed("a"), typed("a")]).with_metadata([("spark.timeZone".into(), "UTC".into())].into());
    let column: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    let batch = RecordBatch::try_new(Arc::new(schema), vec![column.clone(), column]).unwrap();
    assert_comes_back(&batch);
}

#[test]
fn a_result_without_columns_keeps_its_row_count() {
    let options = RecordBatchOptions::new().with_row_count(Some(7));
    let batch = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).unwrap();
    let batches = decode(encode(&[batch]).unwrap()).unwrap();
    assert_eq!(batches[0].num_rows(), 7);
}

#[test]
fn a_batch_larger_than_a_record_is_sent_in_slices() {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..5_000_000));
    let batch = RecordBatch::try_from_iter([("n", numbers)]).unwrap();
    assert!(assert_comes_back(&batch) > 1);
}

#[test]
fn a_batch_whose_rows_differ_in_size_is_cut_until_every_slice_fits() {
    let mut strings = StringBuilder::new();
    for row in 0..100_000 {
        strings.append_value(if row < 40 { "x".repeat(1 << 20) } else { "y".into() });
    }
    let batch = RecordBatch::try_from_iter([("s", Arc::new(strings.finish()) as ArrayRef)]).unwrap();
    let records = encode(std::slice::from_ref(&batch)).unwrap();
    assert!(records.iter().all(|record| record.content.len() <= MAX_CONTENT));
    assert!(assert_comes_back(&batch) > 2);
}

#[test]
fn a_row_larger_than_a_record_is_an_error_that_says_so() {
    let long: ArrayRef = Arc::new(StringArray::from(vec!["x".repeat(MAX_CONTENT)]));
    let batch = RecordBatch::try_from_iter([("s", long)]).unwrap();
    assert!(matches!(encode(&[batch]), Err(Error::RowTooLarge(_))));
}

#[test]
fn more_rows_without_bytes_than_a_record_may_have_are_cut() {
    let nulls: ArrayRef = Arc::new(NullArray::new(MAX_BATCH_ROWS + 1));
    let batch = RecordBatch::try_from_iter_with_nullable([("n", nulls, true)]).unwrap();
    assert_eq!(decode(encode(&[batch]).unwrap()).unwrap().len(), 2);
}

#[test]
fn dictionaries_are_sent_once_and_again_when_they_change() {
    let column = |values: [&str; 2]| Arc::new(DictionaryArray::<Int32Type>::from_iter(values)) as ArrayRef;
    let batch = |values| RecordBatch::try_from_iter([("d", column(values))]).unwrap();
    let (first, second) = (batch(["a", "b"]), batch(["c", "d"]));
    let records = encode(&[first.clone(), first.clone(), second.clone()]).unwrap();
    let kinds: Vec<_> = records.iter().map(|record| record.kind).collect();
    use FrameType::{ResultBatch as B, ResultDictionary as D, ResultSchema as S};
    assert_eq!(kinds, [S, D, B, B, D, B]);
    assert_eq!(decode(records).unwrap(), [first.clone(), first, second]);
}

#[test]
fn types_that_results_do_not_have_are_refused_by_name() {
    let views: ArrayRef = Arc::new(StringViewArray::from(vec!["a"]));
    let error = encode(&[RecordBatch::try_from_iter([("v", views)]).unwrap()]).err().unwrap();
    assert!(error.to_string().contains("'v'"), "{error}");
}

#[test]
fn records_before_their_schema_or_under_another_type_are_refused() {
    let mut records = encode(&[every_type()]).unwrap();
    assert!(decode(records.split_off(1)).is_err());
    let mut relabelled = encode(&[every_type()]).unwrap();
    relabelled[0].kind = FrameType::ResultBatch;
    assert!(decode(relabelled).is_err());
    let mut relabelled = encode(&[every_type()]).unwrap();
    relabelled[0].kind = FrameType::Control;
    assert!(decode(relabelled).is_err());
}

/// Changed bytes decode to an error or to a batch, but nothing panics: the metadata first of all, where every
/// length and offset stands, then the whole record.
#[test]
fn hostile_contents_never_panic() {
    let valid = encode(&[every_type()]).unwrap();
    let mut random = TestRandom::new(3);
    for round in 0..20_000 {
        let target = random.below(valid.len());
        let mut decoder = Decoder::default();
        for (index, record) in valid.iter().enumerate() {
            let mut content = record.content.clone();
            if index == target {
                content = if round % 2 == 0 { mutate_metadata(&mut random, content) } else { random.mutate(&content) };
            }
            match decoder.decode(record.kind, content) {
                Ok(Message::Batch(batch)) => look_at_every_value(&batch),
                Ok(_) => {}
                Err(_) => break,
            }
        }
    }
}

/// Overwrites aligned words of the metadata with the values that hurt most.
fn mutate_metadata(random: &mut TestRandom, mut content: Vec<u8>) -> Vec<u8> {
    let end = content.len() - 4;
    let len = u32::from_be_bytes(content[end..].try_into().unwrap()) as usize;
    for _ in 0..=random.below(3) {
        let at = end - len + random.below(len / 4) * 4;
        let word: i32 = match random.below(6) {
            0 => 0,
            1 => -1,
            2 => i32::MAX,
            3 => i32::MIN,
            4 => random.below(256) as i32,
            _ => random.next() as i32,
        };
        content[at..(at + 4).min(end)].copy_from_slice(&word.to_le_bytes()[..4.min(end - at)]);
    }
    content
}

/// What a decryptor's output does with a batch: a wrong offset would show here.
fn look_at_every_value(batch: &RecordBatch) {
    if batch.num_rows() <= 1000 {
        let options = arrow::util::display::FormatOptions::default();
        for column in batch.columns() {
            // A changed time zone has no format; that is its reader's matter.
            let Ok(formatter) = arrow::util::display::ArrayFormatter::try_new(column, &options) else { continue };
            for row in 0..batch.num_rows() {
                let _ = formatter.value(row).try_to_string();
            }
        }
    }
}
