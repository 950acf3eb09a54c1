//! Results as files and text: aligned tables, CSV, JSON lines, Arrow IPC and Parquet, written as the batches arrive.

mod columnar;
mod csv;
mod destination;
mod json;
mod table;
mod text;

use std::io::{self, Write};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use parquet::errors::ParquetError;

use spark_differential::answer::TableError;
use spark_differential::value::{UnknownTimeZone, UnknownType};

pub use destination::Destination;
pub use text::value_text;

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Aligned columns for people
    Table,
    /// Comma-separated values with a header line; NULL is empty, the empty string is ""
    Csv,
    /// One JSON object a line
    Json,
    /// Arrow IPC file (also called Feather)
    Arrow,
    /// Arrow IPC stream, for another program to read as it arrives
    ArrowStream,
    /// Parquet file
    Parquet,
}

/// Why a result could not be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The destination refused.
    #[error("the output can't be written: {0}")]
    Io(#[from] io::Error),
    /// A column type without Spark meaning.
    #[error(transparent)]
    UnknownType(#[from] UnknownType),
    /// The result's time zone is not known here.
    #[error(transparent)]
    UnknownTimeZone(#[from] UnknownTimeZone),
    /// The Arrow writer refused.
    #[error("the result can't be written as Arrow IPC: {0}")]
    Arrow(#[from] ArrowError),
    /// The Parquet writer refused.
    #[error("the result can't be written as Parquet: {0}")]
    Parquet(#[from] ParquetError),
    /// Two columns of one name where the format tells columns apart by name.
    #[error("two columns are named `{0}`, and this format tells columns apart by name: give one an alias (`AS ..`)")]
    DuplicateColumn(String),
    /// A second result for a format that holds one.
    #[error(
        "the statements give more than one result, and this format holds one: run one query, or use table, csv or json"
    )]
    SecondResult,
    /// Bytes for programs on a terminal.
    #[error("this format is for programs, not for a terminal: add `-o FILE`, or pipe the output")]
    Terminal,
}

impl From<TableError> for OutputError {
    fn from(error: TableError) -> Self {
        match error {
            TableError::Type(error) => error.into(),
            TableError::Zone(error) => error.into(),
        }
    }
}

impl OutputError {
    /// Whether the reader of the output has gone away (`casemate sql .. | head`), which is its right.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::BrokenPipe)
            || matches!(self, Self::Arrow(ArrowError::IoError(_, error)) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// Writes results: for each one `start`, any number of `batch`, `end`; after the last one `finish`.
pub trait ResultWriter<W> {
    /// A result begins.
    fn start(&mut self, schema: &SchemaRef) -> Result<(), OutputError>;
    /// Its next rows.
    fn batch(&mut self, batch: &RecordBatch) -> Result<(), OutputError>;
    /// It is complete.
    fn end(&mut self) -> Result<(), OutputError>;
    /// All results are complete; gives the destination back, with everything written to it.
    fn finish(self: Box<Self>) -> Result<W, OutputError>;
}

impl Format {
    /// A writer of this format.
    pub fn writer<W: Write + Send + 'static>(self, to: W) -> Box<dyn ResultWriter<W> + Send> {
        match self {
            Self::Table => Box::new(table::TableWriter::new(to)),
            Self::Csv => Box::new(csv::CsvWriter::new(to)),
            Self::Json => Box::new(json::JsonWriter::new(to)),
            Self::Arrow => Box::new(columnar::ColumnarWriter::new(columnar::Kind::ArrowFile, to)),
            Self::ArrowStream => Box::new(columnar::ColumnarWriter::new(columnar::Kind::ArrowStream, to)),
            Self::Parquet => Box::new(columnar::ColumnarWriter::new(columnar::Kind::Parquet, to)),
        }
    }

    /// Whether the format is bytes that a terminal can't show.
    pub fn is_binary(self) -> bool {
        matches!(self, Self::Arrow | Self::ArrowStream | Self::Parquet)
    }
}

/// Refuses two columns of one name.
fn distinct_names(schema: &SchemaRef) -> Result<(), OutputError> {
    let mut seen = std::collections::HashSet::new();
    match schema.fields().iter().find(|field| !seen.insert(field.name().as_str())) {
        Some(field) => Err(OutputError::DuplicateColumn(field.name().clone())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
