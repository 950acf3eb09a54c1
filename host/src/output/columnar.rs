//! Formats for programs: Arrow IPC file, Arrow IPC stream, Parquet. Each holds one result.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::ipc::writer::{FileWriter, StreamWriter};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::{OutputError, ResultWriter, distinct_names};

/// Which of the formats.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    ArrowFile,
    ArrowStream,
    Parquet,
}

/// Writes the one result that has columns.
pub(super) struct ColumnarWriter<W: Write + Send> {
    kind: Kind,
    state: State<W>,
    /// Whether the statement being read has columns; those without are passed over.
    has_columns: bool,
}

enum State<W: Write + Send> {
    Waiting(W),
    ArrowFile(FileWriter<W>),
    ArrowStream(StreamWriter<W>),
    Parquet(ArrowWriter<W>),
    /// A writer could not be made; the destination is lost with it.
    Broken,
}

impl<W: Write + Send> ColumnarWriter<W> {
    pub(super) fn new(kind: Kind, to: W) -> Self {
        Self { kind, state: State::Waiting(to), has_columns: false }
    }
}

impl<W: Write + Send> State<W> {
    fn open(kind: Kind, to: W, schema: &SchemaRef) -> Result<Self, OutputError> {
        Ok(match kind {
            Kind::ArrowFile => Self::ArrowFile(FileWriter::try_new(to, schema)?),
            Kind::ArrowStream => Self::ArrowStream(StreamWriter::try_new(to, schema)?),
            Kind::Parquet => {
                distinct_names(schema)?;
                let compression = Compression::ZSTD(ZstdLevel::default());
                let properties = WriterProperties::builder().set_compression(compression).build();
                Self::Parquet(ArrowWriter::try_new(to, schema.clone(), Some(properties))?)
            }
        })
    }

    fn close(self) -> Result<W, OutputError> {
        match self {
            Self::Waiting(to) => Ok(to),
            Self::ArrowFile(writer) => Ok(writer.into_inner()?),
            Self::ArrowStream(writer) => Ok(writer.into_inner()?),
            Self::Parquet(writer) => Ok(writer.into_inner()?),
            Self::Broken => Err(OutputError::SecondResult),
        }
    }
}

impl<W: Write + Send> ResultWriter<W> for ColumnarWriter<W> {
    fn start(&mut self, schema: &SchemaRef) -> Result<(), OutputError> {
        self.has_columns = !schema.fields().is_empty();
        if !self.has_columns {
            return Ok(());
        }
        match std::mem::replace(&mut self.state, State::Broken) {
            State::Waiting(to) => self.state = State::open(self.kind, to, schema)?,
            _ => return Err(OutputError::SecondResult),
        }
        Ok(())
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), OutputError> {
        match &mut self.state {
            State::ArrowFile(writer) => writer.write(batch)?,
            State::ArrowStream(writer) => {
                writer.write(batch)?;
                writer.flush()?;
            }
            State::Parquet(writer) => writer.write(batch)?,
            State::Waiting(_) | State::Broken => {}
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<W, OutputError> {
        match self.state {
            // No statement had columns: an empty result is still a file that programs can read.
            State::Waiting(to) => State::open(self.kind, to, &SchemaRef::new(Schema::empty()))?.close(),
            state => state.close(),
        }
    }
}
