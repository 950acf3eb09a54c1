//! What scans ask their store for, and when.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Int64Type;
use async_trait::async_trait;
use bytes::Bytes;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStoreExt, PutMultipartOptions,
    PutOptions, PutPayload, PutResult,
};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::file::properties::WriterProperties;
use url::Url;

use super::*;

const ROWS: i64 = 1000;
const ROW_GROUPS: i64 = 4;

/// What happens to reads of a row group.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Answered,
    FailsOnce,
    Fails,
    /// Never answered. Reads that are given up are noted.
    Hangs,
}

/// A file of four row groups, and what was asked of it.
struct Files {
    inner: InMemory,
    row_groups: Vec<Range<u64>>,
    fates: Mutex<Vec<Fate>>,
    asked: Mutex<Vec<usize>>,
    given_up: Arc<Mutex<usize>>,
}

impl Files {
    async fn new() -> Arc<Self> {
        let bytes = file();
        let metadata = ArrowReaderMetadata::load(&bytes, Default::default()).unwrap();
        let range = |group: &parquet::file::metadata::RowGroupMetaData| {
            let ends = group.columns().iter().map(|column| column.byte_range());
            let (start, end) =
                ends.fold((u64::MAX, 0), |(a, b), (start, length)| (a.min(start), b.max(start + length)));
            start..end
        };
        let row_groups: Vec<_> = metadata.metadata().row_groups().iter().map(range).collect();
        assert_eq!(row_groups.len() as i64, ROW_GROUPS);
        let inner = InMemory::new();
        inner.put(&Path::from("t.parquet"), bytes.into()).await.unwrap();
        let fates = Mutex::new(vec![Fate::Answered; row_groups.len()]);
        Arc::new(Files { inner, row_groups, fates, asked: Mutex::default(), given_up: Arc::default() })
    }

    fn fate(&self, row_group: usize, fate: Fate) {
        self.fates.lock().unwrap()[row_group] = fate;
    }

    fn asked(&self) -> Vec<usize> {
        self.asked.lock().unwrap().clone()
    }
}

fn file() -> Bytes {
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(ROWS as usize)).build();
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..ROWS * ROW_GROUPS));
    let texts = (0..ROWS * ROW_GROUPS).map(|id| format!("text of {id}"));
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
    let batch = RecordBatch::try_from_iter([("id", Arc::clone(&ids)), ("text", texts), ("copy", ids)]).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap().into()
}

/// Counts when it is dropped.
struct GivenUp(Arc<Mutex<usize>>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        *self.0.lock().unwrap() += 1;
    }
}

#[async_trait]
impl ObjectStore for Files {
    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> object_store::Result<Vec<Bytes>> {
        let holds = |group: &Range<u64>| ranges.iter().any(|range| group.contains(&range.start));
        if let Some(row_group) = self.row_groups.iter().position(holds) {
            self.asked.lock().unwrap().push(row_group);
            let fate = self.fates.lock().unwrap()[row_group];
            match fate {
                Fate::Answered => {}
                Fate::Hangs => {
                    let _given_up = GivenUp(Arc::clone(&self.given_up));
                    std::future::pending::<()>().await;
                }
                Fate::Fails | Fate::FailsOnce => {
                    if fate == Fate::FailsOnce {
                        self.fate(row_group, Fate::Answered);
                    }
                    return Err(object_store::Error::Generic { store: "test", source: "out of order".into() });
                }
            }
            tokio::task::yield_now().await;
        }
        self.inner.get_ranges(location, ranges).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn put_opts(&self, to: &Path, payload: PutPayload, options: PutOptions) -> object_store::Result<PutResult> {
        self.inner.put_opts(to, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        to: &Path,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(to, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.inner.delete_stream(locations)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> object_store::Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Files")
    }
}

impl fmt::Display for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Files")
    }
}

/// The table `t` of these files, whose scans may read `limit` bytes ahead.
async fn context(files: &Arc<Files>, partitions: usize, limit: usize) -> SessionContext {
    let mut config = SessionConfig::new().with_target_partitions(partitions).with_batch_size(100);
    config.options_mut().optimizer.repartition_file_min_size = 0;
    let runtime = Arc::new(RuntimeEnv::default());
    runtime.register_object_store(&Url::parse("test://files/").unwrap(), Arc::clone(files) as _);
    let state = SessionStateBuilder::new_with_default_features()
        .with_config(config)
        .with_runtime_env(Arc::clone(&runtime))
        .with_physical_optimizer_rule(Arc::new(ReadAhead::new(runtime, limit)))
        .build();
    let context = SessionContext::new_with_state(state);
    context.register_parquet("t", "test://files/t.parquet", ParquetReadOptions::default()).await.unwrap();
    context
}

async fn stream(context: &SessionContext, sql: &str) -> SendableRecordBatchStream {
    context.sql(sql).await.unwrap().execute_stream().await.unwrap()
}

async fn sum(context: &SessionContext, sql: &str) -> datafusion::common::Result<i64> {
    let batches: Vec<RecordBatch> = stream(context, sql).await.try_collect().await?;
    Ok(batches.iter().flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec()).sum())
}

const AMPLE: usize = 1 << 20;
const ALL_IDS: i64 = ROWS * ROW_GROUPS * (ROWS * ROW_GROUPS - 1) / 2;

#[tokio::test]
async fn the_next_row_group_is_on_its_way_before_the_first_is_consumed() {
    let files = Files::new().await;
    let context = context(&files, 1, AMPLE).await;
    let mut batches = stream(&context, "SELECT id, copy FROM t").await;
    let first = batches.next().await.unwrap().unwrap();
    assert_eq!(first.num_rows(), 100);
    assert_eq!(files.asked(), [0, 1]);
    let rest: Vec<RecordBatch> = batches.try_collect().await.unwrap();
    let rows: usize = rest.iter().map(RecordBatch::num_rows).sum();
    assert_eq!(rows as i64 + 100, ROWS * ROW_GROUPS);
    assert_eq!(files.asked(), [0, 1, 2, 3], "each is read once");
}

#[tokio::test]
async fn without_a_budget_nothing_is_read_ahead() {
    let files = Files::new().await;
    let context = context(&files, 1, 10).await;
    let mut batches = stream(&context, "SELECT id FROM t").await;
    batches.next().await.unwrap().unwrap();
    assert_eq!(files.asked(), [0]);
}

#[tokio::test]
async fn scans_that_share_a_file_read_no_row_group_twice() {
    let files = Files::new().await;
    let context = context(&files, 2, AMPLE).await;
    assert_eq!(sum(&context, "SELECT id FROM t").await.unwrap(), ALL_IDS);
    let mut asked = files.asked();
    asked.sort_unstable();
    assert_eq!(asked, [0, 1, 2, 3]);
}

#[tokio::test]
async fn a_scan_with_a_limit_reads_what_it_needs() {
    let files = Files::new().await;
    let context = context(&files, 1, AMPLE).await;
    assert_eq!(sum(&context, "SELECT id FROM t LIMIT 10").await.unwrap(), 45);
    assert_eq!(files.asked(), [0]);
}

#[tokio::test]
async fn a_read_that_nobody_waits_for_any_more_is_given_up() {
    let files = Files::new().await;
    files.fate(1, Fate::Hangs);
    let context = context(&files, 1, AMPLE).await;
    let mut batches = stream(&context, "SELECT id FROM t").await;
    batches.next().await.unwrap().unwrap();
    assert_eq!((files.asked(), *files.given_up.lock().unwrap()), (vec![0, 1], 0));
    drop(batches);
    tokio::time::timeout(Duration::from_secs(10), async {
        while *files.given_up.lock().unwrap() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_failure_ahead_is_one_only_if_it_happens_again_when_the_rows_are_wanted() {
    let files = Files::new().await;
    files.fate(1, Fate::FailsOnce);
    let context = context(&files, 1, AMPLE).await;
    assert_eq!(sum(&context, "SELECT id FROM t").await.unwrap(), ALL_IDS);
    assert_eq!(files.asked(), [0, 1, 1, 2, 3]);

    files.fate(1, Fate::Fails);
    let mut batches = stream(&context, "SELECT id FROM t").await;
    let mut rows = 0;
    let error = loop {
        match batches.next().await.unwrap() {
            Ok(batch) => rows += batch.num_rows() as i64,
            Err(error) => break error.to_string(),
        }
    };
    assert_eq!(rows, ROWS, "the rows before are there");
    assert!(error.contains("out of order"), "{error}");
}

#[tokio::test]
async fn row_groups_that_are_skipped_cost_one_read_at_most() {
    let files = Files::new().await;
    let context = context(&files, 1, AMPLE).await;
    let last = (ROW_GROUPS - 1) * ROWS;
    let query = format!("SELECT id FROM t WHERE id < {ROWS} OR id >= {last}");
    let ids = |from: i64| (from..from + ROWS).sum::<i64>();
    assert_eq!(sum(&context, &query).await.unwrap(), ids(0) + ids(last));
    assert_eq!(files.asked(), [0, 1, 3]);
}
