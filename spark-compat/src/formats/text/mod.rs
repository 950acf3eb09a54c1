//! Files of text whose records are lines, or whose records only their format can tell apart: how they are read in batches.

mod lines;
mod source;

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::{Result as DataFusionResult, Statistics};
use datafusion::datasource::physical_plan::{FileScanConfig, FileSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::physical_plan::ExecutionPlan;
use futures::StreamExt;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use self::lines::Splitter;
use self::source::TextSource;
use super::table::{Contents, Files};
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};

/// Names by which files say that they are compressed.
const COMPRESSED: &[&str] = &[".gz", ".bz2", ".deflate", ".lz4", ".snappy", ".zst", ".xz"];

/// The mark that programs of Windows begin texts with.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// How a file comes apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Records {
    /// At each line feed, carriage return, or both.
    Lines,
    /// At each of these texts.
    Separated(Vec<u8>),
    /// Not at all: the format finds the records of the whole text.
    Whole,
}

/// A format of text.
pub(super) trait TextFormat: fmt::Debug + Send + Sync {
    /// The format's name in plans.
    fn name(&self) -> &'static str;

    /// How files come apart.
    fn records(&self) -> Records;

    /// A reader of these columns of the files, by their place in the schema. `at_start` says that it begins with a file's
    /// first line.
    fn reader(&self, columns: &[usize], at_start: bool) -> Result<Box<dyn RowReader>>;

    /// An error if these columns can't be read without others.
    fn check_columns(&self, columns: &[usize]) -> Result<()>;

    /// The same with times read in this time zone; `None` if it does not matter.
    fn in_zone(&self, zone: Zone) -> Option<Arc<dyn TextFormat>>;
}

/// Gathers the rows of records in batches.
pub(super) trait RowReader: Send {
    /// Adds the rows of a line, or of the text of a whole file.
    fn read(&mut self, text: &str) -> Result<()>;

    /// How many rows were added since the last batch.
    fn rows(&self) -> usize;

    /// The rows that were added.
    fn take_batch(&mut self) -> DataFusionResult<RecordBatch>;
}

/// Files of a format as the contents of a table.
#[derive(Debug)]
pub(super) struct TextContents(pub Arc<dyn TextFormat>);

#[async_trait]
impl Contents for TextContents {
    fn source(&self, schema: TableSchema) -> Arc<dyn FileSource> {
        Arc::new(TextSource::new(Arc::clone(&self.0), schema))
    }

    async fn plan(&self, _state: &dyn Session, scan: FileScanConfig) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        Ok(DataSourceExec::from_data_source(scan))
    }

    async fn statistics(
        &self,
        _state: &dyn Session,
        _store: &Arc<dyn ObjectStore>,
        schema: &arrow::datatypes::SchemaRef,
        _object: &ObjectMeta,
    ) -> DataFusionResult<Arc<Statistics>> {
        Ok(Arc::new(Statistics::new_unknown(schema)))
    }

    fn check_columns(&self, columns: &[usize]) -> DataFusionResult<()> {
        Ok(self.0.check_columns(columns)?)
    }

    fn in_zone(&self, zone: Zone) -> Option<Arc<dyn Contents>> {
        Some(Arc::new(Self(self.0.in_zone(zone)?)))
    }
}

/// An error if a file is compressed: it would be read as if it were not.
pub(super) fn refuse_compressed(files: &[ObjectMeta]) -> Result<()> {
    match files.iter().find(|file| COMPRESSED.iter().any(|end| file.location.as_ref().ends_with(end))) {
        Some(file) => Err(SparkError::unsupported(format!("compressed files such as {}", file.location))),
        None => Ok(()),
    }
}

/// Shows every record of a file to `see`, or the whole text, until it says that it has seen enough.
pub(super) async fn see_records(
    files: &Files,
    file: &ObjectMeta,
    records: &Records,
    see: &mut (dyn FnMut(&str) -> Result<Wanted> + Send),
) -> Result<()> {
    let cannot_read = |error| SparkError::storage(format!("cannot read {}: {error}", file.location));
    let mut chunks = files.store.get(&file.location).await.map_err(cannot_read)?.into_stream();
    let mut splitter = Splitter::new(records, true);
    while let Some(chunk) = chunks.next().await {
        splitter.push(&chunk.map_err(cannot_read)?);
        while let Some(record) = splitter.next_record() {
            if see(&record)? == Wanted::Nothing {
                return Ok(());
            }
        }
    }
    if let Some(record) = splitter.last_record() {
        see(&record)?;
    }
    Ok(())
}

/// Whether more records are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The next one.
    More,
    /// No more.
    Nothing,
}
