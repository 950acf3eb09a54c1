//! Rows of CSV files.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::csv::ReaderBuilder;
use arrow::csv::reader::Reader;
use arrow::datatypes::SchemaRef;

use super::{BATCH_ROWS, CsvOptions, Rows};
use crate::dataset::error::DatasetError;

/// The rows of a file with these columns. An empty value is NULL.
pub(super) fn rows(path: &Path, schema: &SchemaRef, options: &CsvOptions) -> Result<Rows, DatasetError> {
    let reader = reader(path, schema, options)?;
    let path: PathBuf = path.to_path_buf();
    Ok(Box::new(reader.map(move |batch| batch.map_err(DatasetError::rows(&path)))))
}

pub(super) fn reader(path: &Path, schema: &SchemaRef, options: &CsvOptions) -> Result<Reader<File>, DatasetError> {
    let file = File::open(path).map_err(DatasetError::io(path))?;
    let builder = ReaderBuilder::new(Arc::clone(schema)).with_header(options.header).with_delimiter(options.delimiter);
    builder.with_batch_size(BATCH_ROWS).build(file).map_err(DatasetError::rows(path))
}
