//! Rows of plain Parquet files.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{cast, min};
use arrow::datatypes::{DataType, Date32Type, SchemaRef, TimeUnit, TimestampMicrosecondType};
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::KeyValue;

use super::{BATCH_ROWS, Rows};
use crate::dataset::error::DatasetError;
use crate::dataset::folder::DatasetFile;

/// What Spark writes its version under.
pub(in crate::dataset) const SPARK_VERSION_KEY: &str = "org.apache.spark.version";

/// What Spark 3 marks files with whose dates (and INT96 timestamps) are in the calendar of Spark 2.
const LEGACY_KEYS: [&str; 2] = ["org.apache.spark.legacyDateTime", "org.apache.spark.legacyINT96"];

/// 1582-10-15, the first day that both calendars call the same, in days since 1970.
const FIRST_COMMON_DAY: i32 = -141_427;

/// 1900-01-01, before which Spark's calendars also differ in the offsets of time zones, in microseconds since 1970.
const FIRST_COMMON_MICROS: i64 = -2_208_988_800_000_000;

/// The columns of `files`, which must all have the same.
pub(super) fn schema(files: &[DatasetFile]) -> Result<SchemaRef, DatasetError> {
    let mut schema: Option<SchemaRef> = None;
    for file in files {
        let found = Arc::clone(open(&file.location)?.schema());
        match &schema {
            Some(schema) if schema.fields() != found.fields() => {
                let problem = "it has other columns than the files before it: seal files of one schema at a time";
                return Err(DatasetError::file(&file.location, problem));
            }
            Some(_) => {}
            None => schema = Some(found),
        }
    }
    schema.ok_or_else(|| DatasetError::Key("there are no files to seal".to_owned()))
}

/// The rows of a file.
pub(super) fn rows(path: &Path) -> Result<Rows, DatasetError> {
    let builder = open(path)?;
    let legacy = is_legacy(builder.metadata().file_metadata().key_value_metadata());
    let reader = builder.with_batch_size(BATCH_ROWS).build().map_err(DatasetError::parquet(path))?;
    let path: PathBuf = path.to_path_buf();
    Ok(Box::new(reader.map(move |batch| {
        let batch = batch.map_err(DatasetError::rows(&path))?;
        if legacy && has_old_times(&batch).map_err(DatasetError::rows(&path))? {
            let problem = "it has dates before 1582-10-15 or timestamps before 1900 in the calendar of Spark 2, which would get \
                           another meaning: read it with Spark 3 and write it again first";
            return Err(DatasetError::file(&path, problem));
        }
        Ok(batch)
    })))
}

fn open(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>, DatasetError> {
    let file = File::open(path).map_err(DatasetError::io(path))?;
    // By the Parquet types alone, as Spark reads them, and not by what another program noted about its own.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).map_err(DatasetError::parquet(path))
}

/// Whether Spark 2, or Spark 3 in its legacy mode, wrote the file (`DataSourceUtils.datetimeRebaseMode`).
fn is_legacy(notes: Option<&Vec<KeyValue>>) -> bool {
    let Some(notes) = notes else { return false };
    notes.iter().any(|note| {
        let old_version = |version: &String| version.as_str() < "3.0.0";
        LEGACY_KEYS.contains(&note.key.as_str())
            || (note.key == SPARK_VERSION_KEY && note.value.as_ref().is_some_and(old_version))
    })
}

/// Whether a date or timestamp, however deep, lies before the calendars agree.
fn has_old_times(batch: &RecordBatch) -> Result<bool, arrow::error::ArrowError> {
    let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
    while let Some(column) = columns.pop() {
        let old_date = || min(column.as_primitive::<Date32Type>()).is_some_and(|first| first < FIRST_COMMON_DAY);
        match column.data_type() {
            DataType::Date32 if old_date() => return Ok(true),
            DataType::Timestamp(..) => {
                let micros = cast(&column, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
                let first = min(micros.as_primitive::<TimestampMicrosecondType>());
                if first.is_some_and(|first| first < FIRST_COMMON_MICROS) {
                    return Ok(true);
                }
            }
            DataType::Struct(_) => columns.extend(column.as_struct().columns().iter().cloned()),
            DataType::List(_) => columns.push(Arc::clone(column.as_list::<i32>().values())),
            DataType::Map(..) => columns.extend(column.as_map().entries().columns().iter().cloned()),
            _ => {}
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use arrow::array::Date32Array;

    use super::*;

    #[test]
    fn files_of_spark_2_and_of_its_calendar_are_recognised() {
        let note = |key: &str, value: &str| vec![KeyValue::new(key.to_owned(), value.to_owned())];
        assert!(is_legacy(Some(&note(SPARK_VERSION_KEY, "2.4.8"))));
        assert!(is_legacy(Some(&note(LEGACY_KEYS[0], ""))));
        assert!(!is_legacy(Some(&note(SPARK_VERSION_KEY, "3.2.0"))));
        assert!(!is_legacy(None));
    }

    #[test]
    fn dates_of_the_old_calendar_are_found_and_missing_ones_are_none() {
        let dates = |days: Vec<Option<i32>>| {
            let days: ArrayRef = Arc::new(Date32Array::from(days));
            RecordBatch::try_from_iter([("d", days)]).unwrap()
        };
        assert!(has_old_times(&dates(vec![Some(0), Some(FIRST_COMMON_DAY - 1)])).unwrap());
        assert!(!has_old_times(&dates(vec![Some(0), None, Some(FIRST_COMMON_DAY)])).unwrap());
        assert!(!has_old_times(&dates(vec![None])).unwrap());
    }
}
