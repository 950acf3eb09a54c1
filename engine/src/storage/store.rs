//! What DataFusion sees of the parent's data: a read-only [`ObjectStore`].

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use casemate_wire::storage::ObjectMeta as WireMeta;
use chrono::{DateTime, Utc};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    Attributes, CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::client::StorageClient;
use super::error::StorageError;
use super::plan::{ReadPlan, requests};

/// Reads of one object that are made at the same time.
const PARALLEL_READS: usize = 8;

/// Requests that a streamed object is ahead of its reader.
const READ_AHEAD: usize = 2;

/// The parent's data folder, for one session. What it reads is reserved in the session's memory pool for as
/// long as somebody holds the bytes.
#[derive(Clone)]
pub struct ParentStore {
    client: Arc<StorageClient>,
    memory: Arc<dyn MemoryPool>,
}

impl ParentStore {
    /// A store that asks `client` and reserves what it reads in `memory`.
    pub fn new(client: Arc<StorageClient>, memory: Arc<dyn MemoryPool>) -> Self {
        ParentStore { client, memory }
    }

    async fn head(&self, location: &Path) -> Result<ObjectMeta> {
        let meta = self.client.head(location.as_ref()).await?;
        object_meta(meta, location.clone())
    }

    /// Reads one range, in as many requests as it takes.
    async fn read(&self, location: &Path, range: Range<u64>) -> Result<Bytes> {
        let length = range.end.saturating_sub(range.start);
        let reservation = self.reserve(length)?;
        let mut parts = stream::iter(requests(range))
            .map(|part| self.client.get(location.as_ref(), part.start, part.end))
            .buffered(PARALLEL_READS);
        let first = parts.try_next().await?.unwrap_or_default();
        let bytes = if first.len() as u64 == length {
            first
        } else {
            let mut whole = Vec::new();
            // Checked: the budget may be larger than what the machine can give.
            whole.try_reserve_exact(usize::try_from(length).map_err(too_large)?).map_err(too_large)?;
            whole.extend_from_slice(&first);
            while let Some(part) = parts.try_next().await? {
                whole.extend_from_slice(&part);
            }
            whole.into()
        };
        Ok(Bytes::from_owner(ReservedBytes { bytes, _reservation: reservation }))
    }

    fn reserve(&self, length: u64) -> Result<MemoryReservation> {
        let reservation = MemoryConsumer::new("data read from the parent").register(&self.memory);
        let length = usize::try_from(length).map_err(too_large)?;
        match reservation.try_grow(length) {
            Ok(()) => Ok(reservation),
            Err(error) => Err(Error::Generic { store: "parent", source: Box::new(error) }),
        }
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

/// Bytes that stay reserved until their last holder is gone.
struct ReservedBytes {
    bytes: Bytes,
    _reservation: MemoryReservation,
}

impl AsRef<[u8]> for ReservedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[async_trait]
impl ObjectStore for ParentStore {
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

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let base = prefix.cloned().unwrap_or_default();
        let mut folders = BTreeSet::new();
        let mut objects = Vec::new();
        for meta in self.list_checked(prefix).await? {
            let mut rest = meta.location.prefix_match(&base).into_iter().flatten();
            match (rest.next(), rest.next()) {
                (Some(folder), Some(_)) => {
                    let folder = base.clone().join(folder);
                    drop(rest);
                    folders.insert(folder);
                }
                _ => {
                    drop(rest);
                    objects.push(meta);
                }
            }
        }
        Ok(ListResult { common_prefixes: folders.into_iter().collect(), objects })
    }

    async fn put_opts(&self, _location: &Path, _payload: PutPayload, _options: PutOptions) -> Result<PutResult> {
        Err(read_only("put"))
    }

    async fn put_multipart_opts(
        &self,
        _location: &Path,
        _options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Err(read_only("put_multipart"))
    }

    fn delete_stream(&self, _locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        stream::once(async { Err(read_only("delete")) }).boxed()
    }

    async fn copy_opts(&self, _from: &Path, _to: &Path, _options: CopyOptions) -> Result<()> {
        Err(read_only("copy"))
    }
}

impl fmt::Debug for ParentStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ParentStore")
    }
}

impl fmt::Display for ParentStore {
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

fn read_only(operation: &str) -> Error {
    Error::NotImplemented {
        operation: operation.to_owned(),
        implementer: "the parent's data folder (read only)".to_owned(),
    }
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
