//! What each format makes of one result with a column of every type.

use std::collections::HashMap;
use std::slice;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DurationMicrosecondArray, Float64Array,
    Int32Array, ListArray, NullArray, StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Int32Type, Schema};

use super::*;
use spark_differential::value::SPARK_TIME_ZONE;

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let field = |(name, array): &(&str, ArrayRef)| Field::new(*name, array.data_type().clone(), true);
    let zone = HashMap::from([(SPARK_TIME_ZONE.to_owned(), "Europe/Berlin".to_owned())]);
    let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>()).with_metadata(zone);
    RecordBatch::try_new(Arc::new(schema), columns.into_iter().map(|(_, array)| array).collect()).unwrap()
}

fn sample() -> RecordBatch {
    let pair = StructArray::from(vec![
        (Arc::new(Field::new("x", DataType::Int32, true)), Arc::new(Int32Array::from(vec![1, 2])) as ArrayRef),
        (
            Arc::new(Field::new("y", DataType::Utf8, true)),
            Arc::new(StringArray::from(vec![None, Some("b")])) as ArrayRef,
        ),
    ]);
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None]), None]);
    batch(vec![
        ("id", Arc::new(Int32Array::from(vec![Some(7), None]))),
        ("name", Arc::new(StringArray::from(vec!["a,\"b\"", ""]))),
        ("price", Arc::new(Decimal128Array::from(vec![150, -5]).with_precision_and_scale(10, 2).unwrap())),
        ("ratio", Arc::new(Float64Array::from(vec![1e7, f64::NAN]))),
        ("ok", Arc::new(BooleanArray::from(vec![true, false]))),
        ("day", Arc::new(Date32Array::from(vec![0, 18_695]))),
        ("at", Arc::new(TimestampMicrosecondArray::from(vec![0, 1_500_000]).with_timezone("Europe/Berlin"))),
        ("raw", Arc::new(BinaryArray::from(vec![&b"\x00\xff"[..], b""]))),
        ("span", Arc::new(DurationMicrosecondArray::from(vec![1_000_000, 0]))),
        ("nothing", Arc::new(NullArray::new(2))),
        ("list", Arc::new(list)),
        ("pair", Arc::new(pair)),
    ])
}

fn write(format: Format, results: &[RecordBatch]) -> Result<Vec<u8>, OutputError> {
    let mut writer = format.writer(Vec::new());
    for batch in results {
        writer.start(&batch.schema())?;
        writer.batch(batch)?;
        writer.end()?;
    }
    writer.finish()
}

fn text(format: Format, results: &[RecordBatch]) -> String {
    String::from_utf8(write(format, results).unwrap()).unwrap()
}

fn ints(name: &str, values: Vec<i32>) -> RecordBatch {
    batch(vec![(name, Arc::new(Int32Array::from(values)))])
}

fn nothing() -> RecordBatch {
    RecordBatch::new_empty(Arc::new(Schema::empty()))
}

#[test]
fn csv_quotes_what_needs_it_and_tells_null_from_empty() {
    assert_eq!(
        text(Format::Csv, &[sample()]),
        "id,name,price,ratio,ok,day,at,raw,span,nothing,list,pair\n\
         7,\"a,\"\"b\"\"\",1.50,1.0E7,true,1970-01-01,1970-01-01 01:00:00,00ff,\
         INTERVAL '0 00:00:01' DAY TO SECOND,,\"[1, null]\",\"{1, null}\"\n\
         ,\"\",-0.05,NaN,false,2021-03-09,1970-01-01 01:00:01.5,\"\",\
         INTERVAL '0 00:00:00' DAY TO SECOND,,,\"{2, b}\"\n"
    );
}

#[test]
fn json_has_one_object_a_row_and_loses_no_digits() {
    let lines = text(Format::Json, &[sample()]);
    assert_eq!(
        lines.lines().next().unwrap(),
        r#"{"id":7,"name":"a,\"b\"","price":1.50,"ratio":10000000.0,"ok":true,"day":"1970-01-01","at":"1970-01-01T01:00:00.000000","raw":"00ff","span":"INTERVAL '0 00:00:01' DAY TO SECOND","nothing":null,"list":[1,null],"pair":{"x":1,"y":null}}"#
    );
    for line in lines.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

#[test]
fn a_table_is_aligned_with_numbers_to_the_right() {
    let result = batch(vec![
        ("n", Arc::new(Int32Array::from(vec![Some(5), Some(12345), None]))),
        ("städte", Arc::new(StringArray::from(vec!["東京", "Zürich", "a\nb\u{1b}[2J"]))),
    ]);
    assert_eq!(
        text(Format::Table, &[result]),
        "\
+-------+---------------+
|     n | städte        |
+-------+---------------+
|     5 | 東京          |
| 12345 | Zürich        |
|  NULL | a\\nb\\u{1b}[2J |
+-------+---------------+
(3 rows)
"
    );
}

#[test]
fn a_long_table_is_printed_page_by_page() {
    let mut writer = Format::Table.writer(Vec::new());
    let first = ints("n", vec![1; 1000]);
    writer.start(&first.schema()).unwrap();
    writer.batch(&first).unwrap();
    writer.batch(&ints("n", vec![1234, 5])).unwrap();
    writer.end().unwrap();
    let text = String::from_utf8(writer.finish().unwrap()).unwrap();
    assert_eq!(text.matches("| n |").count(), 1);
    assert!(text.ends_with("|    n |\n+------+\n| 1234 |\n|    5 |\n+------+\n(1002 rows)\n"), "{text}");
}

#[test]
fn statements_without_columns_print_nothing_and_results_follow_each_other() {
    let results = [nothing(), ints("a", vec![1]), nothing(), ints("b", vec![])];
    assert_eq!(text(Format::Csv, &results), "a\n1\n\nb\n");
    assert_eq!(text(Format::Json, &results), "{\"a\":1}\n");
    let table = "+---+\n| a |\n+---+\n| 1 |\n+---+\n(1 row)\n\n+---+\n| b |\n+---+\n+---+\n(0 rows)\n";
    assert_eq!(text(Format::Table, &results), table);
}

#[test]
fn arrow_and_parquet_read_back_as_they_were() {
    let sample = sample();
    let file = write(Format::Arrow, &[nothing(), sample.clone()]).unwrap();
    let read = arrow::ipc::reader::FileReader::try_new(std::io::Cursor::new(file), None).unwrap();
    assert_eq!(read.collect::<Result<Vec<_>, _>>().unwrap(), slice::from_ref(&sample));

    let stream = write(Format::ArrowStream, slice::from_ref(&sample)).unwrap();
    let read = arrow::ipc::reader::StreamReader::try_new(&stream[..], None).unwrap();
    assert_eq!(read.collect::<Result<Vec<_>, _>>().unwrap(), slice::from_ref(&sample));

    let parquet = write(Format::Parquet, slice::from_ref(&sample)).unwrap();
    let read =
        parquet::arrow::arrow_reader::ParquetRecordBatchReader::try_new(bytes::Bytes::from(parquet), 10).unwrap();
    let read = read.collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(read[0].columns(), sample.columns());
}

#[test]
fn formats_that_hold_one_result_refuse_a_second() {
    for format in [Format::Arrow, Format::ArrowStream, Format::Parquet] {
        let error = write(format, &[ints("a", vec![1]), ints("b", vec![2])]).unwrap_err();
        assert!(matches!(error, OutputError::SecondResult), "{format:?}: {error}");
    }
}

#[test]
fn formats_that_know_columns_by_name_refuse_two_of_one_name() {
    let column: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    let twice = batch(vec![("a", column.clone()), ("a", column)]);
    for format in [Format::Json, Format::Parquet] {
        assert!(
            matches!(write(format, slice::from_ref(&twice)), Err(OutputError::DuplicateColumn(name)) if name == "a")
        );
    }
    assert_eq!(text(Format::Csv, &[twice]), "a,a\n1,1\n");
}

#[test]
fn a_file_appears_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.csv");
    std::fs::write(&path, "before").unwrap();
    let mut destination = Destination::new(Some(&path)).unwrap();
    destination.write_all(b"half of it").unwrap();
    drop(destination);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "before");
    let mut destination = Destination::new(Some(&path)).unwrap();
    destination.write_all(b"all of it").unwrap();
    destination.commit().unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "all of it");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_destination_that_can_not_be_written_says_which() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Destination::new(Some(folder.path())).unwrap_err().to_string().contains("is a directory"));
    let missing = folder.path().join("no/such/folder/out.csv");
    assert!(Destination::new(Some(&missing)).unwrap_err().to_string().contains("out.csv"));
    Destination::new(Some(std::path::Path::new("/dev/null"))).unwrap().commit().unwrap();
}
