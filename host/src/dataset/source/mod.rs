//! What can be sealed: CSV, JSON lines and plain Parquet, as record batches that are read one by one.

mod csv;
mod infer;
mod json;
mod parquet;

use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

pub(super) use self::parquet::SPARK_VERSION_KEY;

use super::Progress;
use super::error::DatasetError;
use super::folder::DatasetFile;

/// Rows of a batch.
const BATCH_ROWS: usize = 8192;

/// Rows of one file.
pub(super) type Rows = Box<dyn Iterator<Item = Result<RecordBatch, DatasetError>>>;

/// The format of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum SourceFormat {
    /// Comma-separated values
    Csv,
    /// One JSON object a line
    Json,
    /// Parquet
    Parquet,
}

/// How source files are read.
#[derive(Clone, Debug, Default)]
pub struct SourceOptions {
    /// Their format; by their names if `None`.
    pub format: Option<SourceFormat>,
    /// How CSV is read.
    pub csv: CsvOptions,
}

/// How CSV is read.
#[derive(Clone, Copy, Debug)]
pub struct CsvOptions {
    /// Whether the first line has the names of the columns; they are `_c0`, `_c1`, .. otherwise.
    pub header: bool,
    /// What stands between values.
    pub delimiter: u8,
    /// Whether every column is a string, whatever its values look like.
    pub strings: bool,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self { header: true, delimiter: b',', strings: false }
    }
}

impl SourceFormat {
    /// The format that a file's name says.
    fn of_name(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" | "tsv" => Some(Self::Csv),
            "json" | "jsonl" | "ndjson" => Some(Self::Json),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }
}

/// Files of one format and one schema.
pub(super) struct Source {
    format: SourceFormat,
    csv: CsvOptions,
    schema: SchemaRef,
}

impl Source {
    /// Finds out format and columns of `files`. CSV and JSON are read to their end for it, since a type has to fit all rows.
    pub(super) fn open(
        files: &[DatasetFile],
        options: &SourceOptions,
        progress: Progress<'_>,
    ) -> Result<Self, DatasetError> {
        let format = format_of(files, options)?;
        let schema = match format {
            SourceFormat::Csv => infer::csv_schema(files, &options.csv, progress)?,
            SourceFormat::Json => json::schema(files, progress)?,
            SourceFormat::Parquet => parquet::schema(files)?,
        };
        Ok(Self { format, csv: options.csv, schema })
    }

    /// The columns of all files.
    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The rows of one of the files.
    pub(super) fn rows(&self, file: &DatasetFile) -> Result<Rows, DatasetError> {
        match self.format {
            SourceFormat::Csv => csv::rows(&file.location, &self.schema, &self.csv),
            SourceFormat::Json => json::rows(&file.location, &self.schema),
            SourceFormat::Parquet => parquet::rows(&file.location),
        }
    }
}

fn format_of(files: &[DatasetFile], options: &SourceOptions) -> Result<SourceFormat, DatasetError> {
    let mut found = options.format;
    for file in files.iter().filter(|_| options.format.is_none()) {
        let format = SourceFormat::of_name(&file.location).ok_or_else(|| {
            DatasetError::file(&file.location, "its name does not say what it is: use --format csv, json or parquet")
        })?;
        if found.is_some_and(|found| found != format) {
            return Err(DatasetError::file(
                &file.location,
                "it has another format than the files before: seal one format at a time",
            ));
        }
        found = Some(format);
    }
    found.ok_or_else(|| DatasetError::Key("there are no files to seal".to_owned()))
}
