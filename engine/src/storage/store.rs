//! What DataFusion sees of the parent's data: a read-only store.

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use casemate_wire::storage::ObjectMeta as WireMeta;
use chrono::{DateTime, Utc};
use datafusion::execution::memory_pool::MemoryPool;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{Attributes, Error, GetOptions, GetResult, GetResultPayload, ObjectMeta, Result};
use sealed_parquet::Memory;

use super::buffers::Buffers;
use super::client::StorageClient;
use super::error::StorageError;
use super::plan::{ReadPlan, requests};
use crate::read_only::{Files, ReadOnly};

/// Reads of one object that are made at the same time.
const PARALLEL_READS: usize = 8;

/// Requests that a streamed object is ahead of its reader.
const READ_AHEAD: usize = 2;

/// The parent's data folder, for one session. What it reads is reserved in the session's memory pool for as
/// long as somebody holds the bytes.
pub type ParentStore = ReadOnly<ParentFiles>;

impl ParentStore {
    /// A store that asks `client` and reserves what it reads in `memory`.
    pub fn new(client: Arc<StorageClient>, memory: Arc<dyn MemoryPool>) -> Self {
        ReadOnly(ParentFiles { client, buffers: Buffers::new(memory) })
    }

    /// The memory that it reads into, for who makes something of it that is as large.
    pub fn buffers(&self) -> &Arc<Buffers> {
        &self.0.buffers
    }
}

/// The files of a [`ParentStore`].
#[derive(Clone)]
pub struct ParentFiles {
    client: Arc<StorageClient>,
    buffers: Arc<Buffers>,
}

impl ParentFiles {
    async fn head(&self, location: &Path) -> Result<ObjectMeta> {
        let meta = self.client.head(location.as_ref()).await?;
        object_meta(meta, location.clone())
    }

    /// Reads one range, in as many requests as it takes, each to its place.
    async fn read(&self, location: &Path, range: Range<u64>) -> Result<Bytes> {
        let length = range.end.saturating_sub(range.start);
        let memory = self.buffers.reserve(std::iter::once(length), "data read from the parent");
        let memory = memory.map_err(|error| generic(Box::new(error)))?;
        let mut rest = memory.try_take(usize::try_from(length).map_err(too_large)?).map_err(too_large)?;
        let mut places = Vec::new();
        for part in requests(range.clone()) {
            let place = match usize::try_from(part.end - part.start) {
                Ok(length) if part.end < range.end => {
                    let behind = rest.split_off(length);
                    std::mem::replace(&mut rest, behind)
                }
                _ => std::mem::take(&mut rest),
            };
            places.push((part, place));
        }
        let parts = stream::iter(places)
            .map(|(part, place)| self.client.get(location.as_ref(), part.start, part.end, place, &memory))
            .buffered(PARALLEL_READS);
        // Parts that touch in memory become one again without being copied.
        let whole = parts.try_fold(BytesMut::new(), |mut whole, part| async move {
            whole.unsplit(part);
            Ok(whole)
        });
        Ok(memory.share(whole.await?))
    }

    async fn list_checked(&self, prefix: Option<&Path>) -> Result<Vec<ObjectMeta>> {
        let prefix = prefix.cloned().unwrap_or_default();
        let listing = self.client.list(prefix.as_ref()).await?;
        let mut seen = HashSet::with_capacity(listing.len());
        let mut objects = Vec::with_capacity(listing.len());
        for meta in listing {
            let location = Path::parse(&meta.path).map_err(|_| misbehaved("a listing with an impossible path"))?;
            // The whole path and not `starts_with`: 'table2/x' is not in 'table'.
            let inside = location.prefix_match(&prefix).is_some_and(|mut rest| rest.next().is_some());
            if !inside || location.as_ref() != meta.path {
                return Err(misbehaved("a listing with an object outside of what was asked for"));
            }
            if !seen.insert(location.clone()) {
                return Err(misbehaved("a listing that names an object twice"));
            }
            objects.push(object_meta(meta, location)?);
        }
        Ok(objects)
    }
}

#[async_trait]
impl Files for ParentFiles {
    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let meta = self.head(location).await?;
        options.check_preconditions(&meta)?;
        let range = match &options.range {
            Some(wanted) => wanted.as_range(meta.size).map_err(|error| generic(Box::new(error)))?,
            None => 0..meta.size,
        };
        let (store, path) = (self.clone(), location.clone());
        let payload = if options.head {
            stream::empty().boxed()
        } else {
            stream::iter(requests(range.clone()))
                .map(move |part| {
                    let (store, path) = (store.clone(), path.clone());
                    async move { store.read(&path, part).await }
                })
                .buffered(READ_AHEAD)
                .boxed()
        };
        let payload = GetResultPayload::Stream(payload);
        Ok(GetResult { payload, meta, range, attributes: Attributes::default() })
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        if ranges.iter().any(|range| range.start > range.end) {
            return Err(generic("a range that ends before it starts".into()));
        }
        let plan = ReadPlan::new(ranges);
        let read: Vec<Bytes> = stream::iter(plan.reads.iter().cloned())
            .map(|read| self.read(location, read))
            .buffered(PARALLEL_READS)
            .try_collect()
            .await?;
        let cut = |(range, source): (&Range<u64>, &usize)| {
            let base = plan.reads.get(*source)?.start;
            let from = usize::try_from(range.start.checked_sub(base)?).ok()?;
            let to = usize::try_from(range.end.checked_sub(base)?).ok()?;
            let bytes = read.get(*source)?;
            (to <= bytes.len()).then(|| bytes.slice(from..to))
        };
        let parts: Option<Vec<Bytes>> = ranges.iter().zip(&plan.source).map(cut).collect();
        parts.ok_or_else(|| generic("a read that doesn't cover what was asked for".into()))
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (store, prefix) = (self.clone(), prefix.cloned());
        stream::once(async move { store.list_checked(prefix.as_ref()).await })
            .map_ok(|objects| stream::iter(objects.into_iter().map(Ok)))
            .try_flatten()
            .boxed()
    }
}

impl fmt::Debug for ParentFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ParentFiles")
    }
}

impl fmt::Display for ParentFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the parent's data folder")
    }
}

/// Sizes and times as far as they can be true.
fn object_meta(meta: WireMeta, location: Path) -> Result<ObjectMeta> {
    let last_modified = i64::try_from(meta.modified_ms)
        .ok()
        .and_then(DateTime::<Utc>::from_timestamp_millis)
        .ok_or_else(|| misbehaved("an object's time that no clock shows"))?;
    if i64::try_from(meta.size).is_err() {
        return Err(misbehaved("an object's size that no disk holds"));
    }
    Ok(ObjectMeta { location, last_modified, size: meta.size, e_tag: None, version: None })
}

fn misbehaved(what: &'static str) -> Error {
    StorageError::Misbehaved(what).into()
}

fn too_large(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    generic(Box::new(error))
}

fn generic(source: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::Generic { store: "parent", source }
}
