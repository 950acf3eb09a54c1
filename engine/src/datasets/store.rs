//! What DataFusion sees of the parent's files: those that the session's client accepts as its tables, checked.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use casemate_wire::dataset::DatasetName;
use casemate_wire::manifest::{Content, Manifest, is_hidden};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    Attributes, Error, GetOptions, GetResult, GetResultPayload, ObjectMeta, ObjectStore, ObjectStoreExt, Result,
};

use super::error::DatasetError;
use super::guard::Guard;
use super::session::Datasets;
use crate::read_only::{Files, ReadOnly};

/// Bytes of a streamed file that are read and checked at once.
const STREAMED_BYTES: u64 = casemate_wire::storage::MAX_RANGE_BYTES;

/// Pieces that a streamed file is ahead of its reader.
const READ_AHEAD: usize = 2;

/// The parent's data folder behind the checks of one session's [`Datasets`].
pub type GuardedStore = ReadOnly<GuardedFiles>;

impl GuardedStore {
    /// Lets through what `datasets` accepts of `inner`.
    pub fn new(inner: Arc<dyn ObjectStore>, datasets: Arc<Datasets>) -> Self {
        ReadOnly(GuardedFiles { inner, datasets })
    }
}

/// The files of a [`GuardedStore`].
#[derive(Clone)]
pub struct GuardedFiles {
    inner: Arc<dyn ObjectStore>,
    datasets: Arc<Datasets>,
}

impl GuardedFiles {
    /// Size and time of a file that may be read, which must be there as its manifest says.
    async fn admit(&self, location: &Path) -> Result<ObjectMeta> {
        let name = self.name(location)?;
        let (manifest, found) = tokio::join!(self.datasets.manifest(&self.inner, &name), self.inner.head(location));
        match (manifest, found) {
            // What never was there is not found, whatever the client asks of tables.
            (Err(_), Err(Error::NotFound { path, source })) if !self.datasets.knows(location) => {
                self.datasets.take_problem();
                Err(Error::NotFound { path, source })
            }
            (Err(error), _) => Err(error),
            (Ok(Some(manifest)), found) => self.admit_signed(&manifest, &name, found),
            (Ok(None), found) => self.datasets.admit_unsigned(&name, found?),
        }
    }

    fn admit_signed(
        &self,
        manifest: &Arc<Manifest>,
        name: &DatasetName,
        found: Result<ObjectMeta>,
    ) -> Result<ObjectMeta> {
        match (manifest.file(name), found) {
            (Some(file), Ok(meta)) if file.size == meta.size => self.datasets.admit_signed(manifest, name),
            (Some(file), Ok(meta)) => {
                let error = DatasetError::WrongSize { file: name.clone(), expected: file.size, found: meta.size };
                Err(self.datasets.refuse(error))
            }
            (Some(_), Err(Error::NotFound { .. })) => Err(self.datasets.refuse(DatasetError::Missing(name.clone()))),
            (None, Ok(_)) => Err(self.datasets.refuse(DatasetError::Extra(name.clone()))),
            (_, Err(error)) => Err(error),
        }
    }

    /// All files below a folder that may be read. Those of a signed dataset are exactly those of its manifest.
    async fn admit_all(&self, prefix: Option<&Path>) -> Result<Vec<ObjectMeta>> {
        let location = prefix.cloned().unwrap_or_default();
        let name = self.name(&location)?;
        let listing = self.inner.list(Some(&location)).try_collect::<Vec<ObjectMeta>>();
        let (manifest, listing) = tokio::join!(self.datasets.manifest(&self.inner, &name), listing);
        let listing = listing?;
        match manifest {
            Ok(Some(manifest)) => self.match_listing(&manifest, &name, listing),
            Ok(None) => {
                let admitted = listing.into_iter().map(|meta| {
                    let name = self.name(&meta.location)?;
                    self.datasets.admit_unsigned(&name, meta)
                });
                admitted.collect()
            }
            Err(_) if listing.is_empty() && !self.datasets.knows(&location) => {
                self.datasets.take_problem();
                Ok(listing)
            }
            Err(error) => Err(error),
        }
    }

    fn match_listing(
        &self,
        manifest: &Arc<Manifest>,
        name: &DatasetName,
        listing: Vec<ObjectMeta>,
    ) -> Result<Vec<ObjectMeta>> {
        let mut found: HashMap<&str, u64> = listing.iter().map(|meta| (meta.location.as_ref(), meta.size)).collect();
        let mut admitted = Vec::new();
        for (file, expected) in manifest.files_at(name) {
            match found.remove(file.as_str()) {
                None => return Err(self.datasets.refuse(DatasetError::Missing(file))),
                Some(size) if size != expected.size => {
                    let error = DatasetError::WrongSize { file, expected: expected.size, found: size };
                    return Err(self.datasets.refuse(error));
                }
                // Whoever needs the keys of a file asks for them by name.
                Some(_) if expected.content == Content::KeyMaterial => {}
                Some(_) => admitted.push(self.datasets.admit_signed(manifest, &file)?),
            }
        }
        for path in found.into_keys() {
            let file = self.parse(path)?;
            if !manifest.dataset.inside(&file).is_some_and(is_hidden) {
                return Err(self.datasets.refuse(DatasetError::Extra(file)));
            }
        }
        Ok(admitted)
    }

    async fn guard(&self, location: &Path) -> Result<Arc<Guard>> {
        if let Some(guard) = self.datasets.guard(location) {
            return Ok(guard);
        }
        self.admit(location).await?;
        self.datasets.guard(location).ok_or_else(|| Error::NotFound {
            path: location.to_string(),
            source: "a file that was not admitted".into(),
        })
    }

    async fn read(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let read = self.guard(location).await?.read(&self.inner, location, ranges).await;
        read.inspect_err(|error| self.datasets.note(error))
    }

    fn name(&self, location: &Path) -> Result<DatasetName> {
        self.parse(location.as_ref())
    }

    fn parse(&self, path: &str) -> Result<DatasetName> {
        path.parse().map_err(|problem| self.datasets.refuse(DatasetError::Name { path: path.to_owned(), problem }))
    }
}

#[async_trait]
impl Files for GuardedFiles {
    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let meta = self.admit(location).await?;
        options.check_preconditions(&meta)?;
        let range = match &options.range {
            Some(wanted) => {
                let range = wanted.as_range(meta.size);
                range.map_err(|error| Error::Generic { store: "parent", source: Box::new(error) })?
            }
            None => 0..meta.size,
        };
        let (store, path) = (self.clone(), location.clone());
        let payload = if options.head {
            stream::empty().boxed()
        } else {
            stream::iter(pieces(range.clone()))
                .map(move |piece| {
                    let (store, path) = (store.clone(), path.clone());
                    async move { Ok(store.read(&path, &[piece]).await?.pop().unwrap_or_default()) }
                })
                .buffered(READ_AHEAD)
                .boxed()
        };
        let payload = GetResultPayload::Stream(payload);
        Ok(GetResult { payload, meta, range, attributes: Attributes::default() })
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.read(location, ranges).await
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (store, prefix) = (self.clone(), prefix.cloned());
        stream::once(async move { store.admit_all(prefix.as_ref()).await })
            .map_ok(|objects| stream::iter(objects.into_iter().map(Ok)))
            .try_flatten()
            .boxed()
    }
}

impl fmt::Debug for GuardedFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GuardedFiles")
    }
}

impl fmt::Display for GuardedFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.inner, f)
    }
}

/// A range in pieces that end where the chunks of hashed files do, so that none is read twice.
fn pieces(range: Range<u64>) -> impl Iterator<Item = Range<u64>> + Send {
    let Range { mut start, end } = range;
    std::iter::from_fn(move || {
        (start < end).then(|| {
            let stop = (start / STREAMED_BYTES + 1).saturating_mul(STREAMED_BYTES).min(end);
            let piece = start..stop;
            start = stop;
            piece
        })
    })
}
