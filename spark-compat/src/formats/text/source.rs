//! Text files as DataFusion reads them: in parallel, also within a file where its records are lines.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::Result as DataFusionResult;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileOpenFuture, FileOpener, FileScanConfig, FileSource};
use datafusion::datasource::projection::{ProjectionOpener, SplitProjection};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::physical_plan::{DisplayFormatType, PhysicalExpr};
use datafusion_datasource::boundary_stream::AlignedBoundaryStream;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use object_store::ObjectStore;

use super::lines::Splitter;
use super::{Records, RowReader, TextFormat};

/// Reads files of a format.
#[derive(Clone)]
pub(super) struct TextSource {
    format: Arc<dyn TextFormat>,
    schema: TableSchema,
    projection: SplitProjection,
    batch_size: usize,
    metrics: ExecutionPlanMetricsSet,
}

/// Rows of a batch, unless the plan says otherwise.
const BATCH_ROWS: usize = 8192;

impl TextSource {
    pub fn new(format: Arc<dyn TextFormat>, schema: TableSchema) -> Self {
        let projection = SplitProjection::unprojected(&schema);
        Self { format, schema, projection, batch_size: BATCH_ROWS, metrics: ExecutionPlanMetricsSet::new() }
    }
}

impl FileSource for TextSource {
    fn create_file_opener(
        &self,
        store: Arc<dyn ObjectStore>,
        _scan: &FileScanConfig,
        _partition: usize,
    ) -> DataFusionResult<Arc<dyn FileOpener>> {
        let opener = Opener {
            format: Arc::clone(&self.format),
            columns: self.projection.file_indices.clone(),
            batch_size: self.batch_size,
            store,
        };
        ProjectionOpener::try_new(self.projection.clone(), Arc::new(opener), self.schema.file_schema())
    }

    fn table_schema(&self) -> &TableSchema {
        &self.schema
    }

    fn with_batch_size(&self, batch_size: usize) -> Arc<dyn FileSource> {
        Arc::new(Self { batch_size, ..self.clone() })
    }

    fn try_pushdown_projection(&self, projection: &ProjectionExprs) -> DataFusionResult<Option<Arc<dyn FileSource>>> {
        let merged = self.projection.source.try_merge(projection)?;
        let projection = SplitProjection::new(self.schema.file_schema(), &merged);
        Ok(Some(Arc::new(Self { projection, ..self.clone() })))
    }

    fn projection(&self) -> Option<&ProjectionExprs> {
        Some(&self.projection.source)
    }

    fn metrics(&self) -> &ExecutionPlanMetricsSet {
        &self.metrics
    }

    fn file_type(&self) -> &str {
        self.format.name()
    }

    fn supports_repartitioning(&self) -> bool {
        self.format.records() == Records::Lines
    }

    fn fmt_extra(&self, _kind: DisplayFormatType, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> DataFusionResult<TreeNodeRecursion>,
    ) -> DataFusionResult<TreeNodeRecursion> {
        let mut next = TreeNodeRecursion::Continue;
        for projected in &self.projection.source {
            next = f(&projected.expr)?;
            if next == TreeNodeRecursion::Stop {
                break;
            }
        }
        Ok(next)
    }
}

/// Opens one file, or the lines that begin in a part of it.
struct Opener {
    format: Arc<dyn TextFormat>,
    columns: Vec<usize>,
    batch_size: usize,
    store: Arc<dyn ObjectStore>,
}

impl FileOpener for Opener {
    fn open(&self, file: PartitionedFile) -> DataFusionResult<FileOpenFuture> {
        let (start, end) = file.range();
        let size = file.object_meta.size;
        let store = Arc::clone(&self.store);
        let batches = Batches {
            chunks: stream::empty().boxed(),
            splitter: Splitter::new(&self.format.records(), start == 0),
            rows: self.format.reader(&self.columns, start == 0)?,
            batch_size: self.batch_size,
            ready: VecDeque::new(),
            is_done: false,
        };
        Ok(async move {
            let location = file.object_meta.location;
            let chunks = AlignedBoundaryStream::new(store, location, start, end, size, b'\n').await?;
            Ok(Batches { chunks: chunks.boxed(), ..batches }.into_stream())
        }
        .boxed())
    }
}

/// The rows of a file in batches.
struct Batches {
    chunks: BoxStream<'static, object_store::Result<bytes::Bytes>>,
    splitter: Splitter,
    rows: Box<dyn RowReader>,
    batch_size: usize,
    ready: VecDeque<RecordBatch>,
    is_done: bool,
}

impl Batches {
    fn into_stream(self) -> BoxStream<'static, DataFusionResult<RecordBatch>> {
        stream::try_unfold(self, async |mut batches: Self| {
            let next = batches.next().await;
            next.map(|batch| batch.map(|batch| (batch, batches)))
        })
        .boxed()
    }

    async fn next(&mut self) -> DataFusionResult<Option<RecordBatch>> {
        while self.ready.is_empty() && !self.is_done {
            match self.chunks.try_next().await? {
                Some(chunk) => self.splitter.push(&chunk),
                None => self.is_done = true,
            }
            while let Some(record) = self.splitter.next_record() {
                self.rows.read(&record)?;
                if self.rows.rows() >= self.batch_size {
                    self.ready.push_back(self.rows.take_batch()?);
                }
            }
            if self.is_done {
                self.finish()?;
            }
        }
        Ok(self.ready.pop_front())
    }

    /// Adds what stands behind the last line's end. A file that does not come apart has all its rows there.
    fn finish(&mut self) -> DataFusionResult<()> {
        if let Some(record) = self.splitter.last_record() {
            self.rows.read(&record)?;
        }
        let rest = self.rows.take_batch()?;
        let slices = (0..rest.num_rows()).step_by(self.batch_size.max(1));
        self.ready.extend(slices.map(|from| rest.slice(from, self.batch_size.min(rest.num_rows() - from))));
        Ok(())
    }
}
