//! Rows of files with one JSON object a line.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::json::ReaderBuilder;
use arrow::json::reader::infer_json_schema;

use super::{BATCH_ROWS, Rows};
use crate::dataset::Progress;
use crate::dataset::error::DatasetError;
use crate::dataset::folder::DatasetFile;

/// The columns of all files: every name that an object has, with the type that fits its values. Texts stay texts.
pub(super) fn schema(files: &[DatasetFile], progress: Progress<'_>) -> Result<SchemaRef, DatasetError> {
    // One stream of all files, so that a column has one type in all of them.
    let mut all: Box<dyn Read> = Box::new(std::io::empty());
    for file in files {
        let next = File::open(&file.location).map_err(DatasetError::io(&file.location))?;
        all = Box::new(all.chain(next).chain(&b"\n"[..]));
        progress(file.size, 0)?;
    }
    let place = files.first().map(|file| file.location.clone()).unwrap_or_default();
    let (schema, _) = infer_json_schema(BufReader::new(all), None).map_err(DatasetError::rows(&place))?;
    if schema.fields().is_empty() {
        return Err(DatasetError::file(&place, "there is no object with a field in it"));
    }
    Ok(Arc::new(schema))
}

/// The rows of a file with these columns; a field that an object doesn't have is NULL.
pub(super) fn rows(path: &Path, schema: &SchemaRef) -> Result<Rows, DatasetError> {
    let file = BufReader::new(File::open(path).map_err(DatasetError::io(path))?);
    let builder = ReaderBuilder::new(Arc::clone(schema)).with_batch_size(BATCH_ROWS);
    let reader = builder.build(file).map_err(DatasetError::rows(path))?;
    let path: PathBuf = path.to_path_buf();
    Ok(Box::new(reader.map(move |batch| batch.map_err(DatasetError::rows(&path)))))
}
