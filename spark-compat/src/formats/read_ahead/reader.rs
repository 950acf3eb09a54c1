//! One scan's reader of a file, which asks for the next row group as soon as it has one.

use std::ops::Range;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use datafusion::common::runtime::SpawnedTask;
use datafusion::datasource::listing::FileRange;
use futures::FutureExt;
use futures::future::BoxFuture;
use object_store::{ObjectMeta, ObjectStore};
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::Result;
use parquet::file::metadata::{ColumnChunkMetaData, PageIndexPolicy, ParquetMetaData, RowGroupMetaData};

use super::budget::{Budget, Share};

/// Reads through `inner`, and ahead from `store`.
pub(super) struct Reader {
    inner: Box<dyn AsyncFileReader + Send>,
    store: Arc<dyn ObjectStore>,
    object: ObjectMeta,
    /// The part of the file whose row groups are this scan's.
    share: Option<FileRange>,
    budget: Arc<Budget>,
    /// Nothing as long as nobody asked for it, and nothing in it where it can't be had.
    metadata: Option<Option<Arc<ParquetMetaData>>>,
    /// The row group that was read last.
    last: Option<usize>,
    /// Whether the row group after the last one was the next that was asked for, as far as is known.
    in_order: bool,
    ahead: Option<Ahead>,
}

/// Columns of a row group on their way.
struct Ahead {
    chunks: Vec<Range<u64>>,
    /// Dropping it cancels the read.
    reading: Reading,
    _share: Share,
}

enum Reading {
    Done(object_store::Result<Vec<Bytes>>),
    Task(SpawnedTask<object_store::Result<Vec<Bytes>>>),
}

impl Reader {
    pub(super) fn new(
        inner: Box<dyn AsyncFileReader + Send>,
        store: Arc<dyn ObjectStore>,
        object: ObjectMeta,
        share: Option<FileRange>,
        budget: Arc<Budget>,
    ) -> Self {
        Reader { inner, store, object, share, budget, metadata: None, last: None, in_order: true, ahead: None }
    }

    /// What was read ahead, if that has what is wanted now. If it failed, it is read again: only then is the failure one of the
    /// query.
    async fn take_ahead(&mut self, wanted: &[Range<u64>]) -> Option<Vec<Bytes>> {
        let ahead = self.ahead.take()?;
        let Some(places) = places(&ahead.chunks, wanted) else {
            self.in_order = false;
            return None;
        };
        let read = match ahead.reading {
            Reading::Done(read) => read.ok()?,
            Reading::Task(task) => task.join().await.ok()?.ok()?,
        };
        let cut = |(range, place): (&Range<u64>, usize)| {
            let (chunk, bytes) = (ahead.chunks.get(place)?, read.get(place)?);
            let from = usize::try_from(range.start - chunk.start).ok()?;
            let to = usize::try_from(range.end - chunk.start).ok()?;
            (to <= bytes.len()).then(|| bytes.slice(from..to))
        };
        wanted.iter().zip(places).map(cut).collect()
    }

    /// The file's footer. A scan that has looked at bloom filters reads on with another reader, which nobody asks for it.
    async fn metadata(&mut self) -> Option<Arc<ParquetMetaData>> {
        if self.metadata.is_none() {
            let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Skip);
            self.metadata = Some(self.inner.get_metadata(Some(&options)).await.ok());
        }
        self.metadata.clone().flatten()
    }

    /// Asks for the row group after the one whose columns were `read`.
    async fn look_ahead(&mut self, read: &[Range<u64>]) {
        let Some(metadata) = self.metadata().await else { return };
        let row_groups = metadata.row_groups();
        let Some((row_group, columns)) = find(row_groups, read, self.last.map_or(0, |last| last + 1)) else { return };
        self.in_order |= self.last.is_some_and(|last| last + 1 == row_group);
        self.last = Some(row_group);
        if !self.in_order {
            return;
        }
        let Some(next) = row_groups.get(row_group + 1).filter(|next| is_inside(next, self.share.as_ref())) else {
            return;
        };
        let chunks: Option<Vec<Range<u64>>> =
            columns.iter().map(|column| chunk(next.columns().get(*column)?)).collect();
        let Some(chunks) = chunks.filter(|chunks| chunks.iter().all(|chunk| chunk.end <= self.object.size)) else {
            return;
        };
        let Some(share) = usize::try_from(sum(&chunks)).ok().and_then(|bytes| self.budget.take(bytes)) else { return };

        let (store, location, wanted) = (Arc::clone(&self.store), self.object.location.clone(), chunks.clone());
        let mut reading = async move { store.get_ranges(&location, &wanted).await }.boxed();
        // Polled here first, so that the request is on its way before this thread turns to computing.
        let reading = match futures::poll!(&mut reading) {
            Poll::Ready(read) => Reading::Done(read),
            Poll::Pending => Reading::Task(SpawnedTask::spawn(reading)),
        };
        self.ahead = Some(Ahead { chunks, reading, _share: share });
    }
}

impl AsyncFileReader for Reader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes>> {
        self.inner.get_bytes(range)
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, Result<Vec<Bytes>>> {
        async move {
            let bytes = match self.take_ahead(&ranges).await {
                Some(bytes) => bytes,
                None => self.inner.get_byte_ranges(ranges.clone()).await?,
            };
            self.look_ahead(&ranges).await;
            Ok(bytes)
        }
        .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>>> {
        async move {
            let metadata = self.inner.get_metadata(options).await?;
            self.metadata = Some(Some(Arc::clone(&metadata)));
            Ok(metadata)
        }
        .boxed()
    }
}

/// The row group that `ranges` are most of some columns of, and which columns; `guess` is looked at first. Where few pages of a
/// row group are wanted, nobody knows how many of the next will be.
fn find(row_groups: &[RowGroupMetaData], ranges: &[Range<u64>], guess: usize) -> Option<(usize, Vec<usize>)> {
    let first = ranges.first()?;
    let has = |column: &ColumnChunkMetaData| chunk(column).is_some_and(|chunk| is_within(first, &chunk));
    let has_first = |index: &usize| row_groups.get(*index).is_some_and(|group| group.columns().iter().any(has));
    let row_group = std::iter::once(guess).chain(0..row_groups.len()).find(has_first)?;

    let chunks: Vec<Range<u64>> = row_groups.get(row_group)?.columns().iter().map(chunk).collect::<Option<_>>()?;
    let mut columns = places(&chunks, ranges)?;
    columns.dedup();
    let whole: u64 = columns.iter().filter_map(|column| chunks.get(*column)).map(|chunk| chunk.end - chunk.start).sum();
    (sum(ranges) >= whole / 4 * 3).then_some((row_group, columns))
}

/// For each range the index of the chunk that it lies in.
fn places(chunks: &[Range<u64>], ranges: &[Range<u64>]) -> Option<Vec<usize>> {
    let mut last = 0;
    let mut place = |range: &Range<u64>| {
        let holds = |index: &usize| chunks.get(*index).is_some_and(|chunk| is_within(range, chunk));
        // Ranges come in the order of the chunks, as a rule.
        last = (last..chunks.len()).chain(0..last).find(holds)?;
        Some(last)
    };
    ranges.iter().map(&mut place).collect()
}

fn is_within(range: &Range<u64>, chunk: &Range<u64>) -> bool {
    chunk.start <= range.start && range.start <= range.end && range.end <= chunk.end
}

fn sum(ranges: &[Range<u64>]) -> u64 {
    ranges.iter().map(|range| range.end.saturating_sub(range.start)).fold(0, u64::saturating_add)
}

/// Where a column chunk lies; nothing if that can't be.
fn chunk(column: &ColumnChunkMetaData) -> Option<Range<u64>> {
    let start = u64::try_from(first_page(column)).ok()?;
    let length = u64::try_from(column.compressed_size()).ok()?;
    Some(start..start.checked_add(length)?)
}

fn first_page(column: &ColumnChunkMetaData) -> i64 {
    column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset())
}

/// Whether a row group is one of a scan's: by where its first column starts, as the scan decides it.
fn is_inside(row_group: &RowGroupMetaData, share: Option<&FileRange>) -> bool {
    share.is_none_or(|share| row_group.columns().first().is_some_and(|column| share.contains(first_page(column))))
}
