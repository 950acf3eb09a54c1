//! The table that is measured.

use std::sync::Arc;

use anyhow::Result;
use arrow::array::{
    Array, ArrayRef, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch,
    StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::Int32Type;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

/// How many rows are measured.
pub const ROWS: usize = 1_000_000;

const WORDS: [&str; 8] = ["amber", "Basin", "cobalt", "dune", "Ember", "fjord", "granite", "harbour"];

/// A Parquet file with `rows` rows, without compression and dictionaries, so that little time goes into reading it.
///
/// # Errors
///
/// None in practice: the columns fit one another.
pub fn parquet(rows: usize) -> Result<Bytes> {
    let batch = RecordBatch::try_from_iter(columns(rows)?)?;
    let properties =
        WriterProperties::builder().set_compression(Compression::UNCOMPRESSED).set_dictionary_enabled(false).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties))?;
    writer.write(&batch)?;
    Ok(writer.into_inner()?.into())
}

fn columns(rows: usize) -> Result<Vec<(&'static str, ArrayRef)>> {
    let random: Vec<u64> = (0..rows as u64).map(mixed).collect();
    // Every twentieth is NULL.
    let some = |r: u64| !r.is_multiple_of(20);
    let int = |r: u64| (r >> 8) as i32 % 1_000_000;
    let day = |r: u64| 10_000 + (r % 10_000) as i32;
    let micros = |r: u64| i64::from(day(r)) * 86_400_000_000 + (r >> 16) as i64 % 86_400_000_000;
    let text = |r: u64| {
        let word = |shift: u32| WORDS[(r >> shift) as usize % WORDS.len()];
        format!("{} {} {}", word(3), word(9), word(15))
    };
    let json = |r: u64| format!(r#"{{"a":{{"b":{},"c":"{}"}},"d":[1,2,{}]}}"#, int(r), text(r), r % 10);
    let date_text = |r: u64| format!("20{:02}-{:02}-{:02}", r % 40, r % 12 + 1, r % 28 + 1);
    let lists = random.iter().map(|r| Some((0..5).map(|at| Some((r >> (at * 5)) as i32 % 10)).collect::<Vec<_>>()));
    let decimals = random.iter().map(|r| some(*r).then(|| (r >> 20) as i128 % 10_000_000));
    let texts =
        |make: &dyn Fn(u64) -> String| -> StringArray { random.iter().map(|r| some(*r).then(|| make(*r))).collect() };
    let micros = random.iter().map(|r| some(*r).then(|| micros(*r))).collect::<TimestampMicrosecondArray>();
    Ok(vec![
        column("i", random.iter().map(|r| some(*r).then(|| int(*r))).collect::<Int32Array>()),
        column("j", random.iter().map(|r| Some((r >> 30) as i32 % 50 + 51)).collect::<Int32Array>()),
        column("k", random.iter().map(|r| Some((r >> 40) as i32 % 1000)).collect::<Int32Array>()),
        column("l", random.iter().map(|r| some(*r).then_some((r >> 4) as i64)).collect::<Int64Array>()),
        column("d", random.iter().map(|r| some(*r).then(|| (r >> 12) as f64 / 1e9)).collect::<Float64Array>()),
        column("dec", decimals.collect::<Decimal128Array>().with_precision_and_scale(18, 2)?),
        column("s", texts(&text)),
        column("n", texts(&|r| int(r).to_string())),
        column("f", texts(&|r| format!("{}.{}", int(r), r % 1000))),
        column("dt", random.iter().map(|r| some(*r).then(|| day(*r))).collect::<Date32Array>()),
        column("ts", micros.with_timezone("UTC")),
        column("date_text", texts(&date_text)),
        column("time_text", texts(&|r| format!("{} {:02}:{:02}:{:02}", date_text(r), r % 24, r % 60, (r >> 7) % 60))),
        column("a", ListArray::from_iter_primitive::<Int32Type, _, _>(lists)),
        column("js", texts(&json)),
    ])
}

fn column(name: &'static str, array: impl Array + 'static) -> (&'static str, ArrayRef) {
    (name, Arc::new(array))
}

/// SplitMix64 of a row's number.
fn mixed(row: u64) -> u64 {
    let state = (row + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}
