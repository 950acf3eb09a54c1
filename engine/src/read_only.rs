//! Stores that can't be written to: what each of the stores on the way to the parent's files has to say stands where it is said,
//! and what none of them does stands here once.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// What can be read.
#[async_trait]
pub trait Files: fmt::Debug + fmt::Display + Send + Sync + 'static {
    /// As [`ObjectStore::get_opts`].
    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult>;

    /// As [`ObjectStore::get_ranges`].
    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>>;

    /// As [`ObjectStore::list`].
    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>>;
}

/// A store with these files, of which none can be written, moved or deleted.
#[derive(Debug)]
pub struct ReadOnly<F>(pub F);

impl<F: Files> ReadOnly<F> {
    fn refuse(&self, operation: &str) -> Error {
        Error::NotImplemented { operation: operation.to_owned(), implementer: format!("{} (read only)", self.0) }
    }
}

#[async_trait]
impl<F: Files> ObjectStore for ReadOnly<F> {
    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.0.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.0.get_ranges(location, ranges).await
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let base = prefix.cloned().unwrap_or_default();
        let mut folders = BTreeSet::new();
        let mut objects = Vec::new();
        let mut listing = self.0.list(prefix);
        while let Some(meta) = listing.try_next().await? {
            let mut rest = meta.location.prefix_match(&base).into_iter().flatten();
            let folder = rest.next().filter(|_| rest.next().is_some()).map(|folder| base.clone().join(folder));
            drop(rest);
            match folder {
                Some(folder) => {
                    folders.insert(folder);
                }
                None => objects.push(meta),
            }
        }
        Ok(ListResult { common_prefixes: folders.into_iter().collect(), objects })
    }

    async fn put_opts(&self, _location: &Path, _payload: PutPayload, _options: PutOptions) -> Result<PutResult> {
        Err(self.refuse("put"))
    }

    async fn put_multipart_opts(
        &self,
        _location: &Path,
        _options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Err(self.refuse("put_multipart"))
    }

    fn delete_stream(&self, _locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let refusal = self.refuse("delete");
        stream::once(async { Err(refusal) }).boxed()
    }

    async fn copy_opts(&self, _from: &Path, _to: &Path, _options: CopyOptions) -> Result<()> {
        Err(self.refuse("copy"))
    }
}

impl<F: Files> fmt::Display for ReadOnly<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
