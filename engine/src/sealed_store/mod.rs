//! Encrypted Parquet files seen as files in the clear: what stands between DataFusion and the parent's data.
//!
//! A file that is encrypted is opened when it is first read, with the session's keys; from then on its ranges are answered
//! as those of the same file in the clear, of the same size (`sealed-parquet` says how). Other files pass through. So there
//! is one way in which files are read, whatever they are encrypted with, and the Parquet library never sees a length from a
//! file that was not checked.

mod open_files;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{Attributes, Error, GetOptions, GetResult, GetResultPayload, ObjectMeta, ObjectStore, Result};
use sealed_parquet::{
    ExternalMaterial, Footer, FooterPlace, KeyError, MAX_EXTERNAL_BYTES, SealedFile, TAIL_LEN, external_file_name,
};

use crate::keyring::Keyring;
use crate::read_only::{Files, ReadOnly};
use crate::storage::Buffers;
use open_files::{OpenFile, OpenFiles};

/// Bytes at the end of a Parquet file that are read ahead: most footers and page indexes fit.
const READ_AHEAD: u64 = 64 << 10;

/// What encrypted files are called in the errors of this store.
const STORE: &str = "encrypted";

/// A store whose encrypted Parquet files can be read as files in the clear, for one session.
pub type SealedStore = ReadOnly<OpenedFiles>;

/// The files of a [`SealedStore`].
pub struct OpenedFiles {
    inner: Arc<dyn ObjectStore>,
    keyring: Arc<Keyring>,
    buffers: Arc<Buffers>,
    files: Arc<OpenFiles>,
}

impl SealedStore {
    /// A store over `inner`. What it opens is in `buffers`; footers of up to `cache_bytes` are kept, which are not reserved.
    pub fn new(inner: Arc<dyn ObjectStore>, keyring: Arc<Keyring>, buffers: Arc<Buffers>, cache_bytes: usize) -> Self {
        ReadOnly(OpenedFiles { inner, keyring, buffers, files: Arc::new(OpenFiles::new(cache_bytes)) })
    }
}

impl OpenedFiles {
    /// The file at `location`, opened now if it is not open.
    async fn file(&self, location: &Path) -> Result<Arc<OpenFile>> {
        if self.keyring.is_forgotten() {
            self.files.clear();
            return Err(generic("the session is over".into()));
        }
        let meta = match self.files.meta(location) {
            Some(meta) => meta,
            None => self.head(location).await?,
        };
        if let Some(file) = self.files.get(&meta) {
            return Ok(file);
        }
        let file = self.open(&meta).await?;
        if file.sealed.is_none() && self.keyring.aad_prefix(location.as_ref()).is_some() {
            return Err(self.refuse(sealed_parquet::Error::AadPrefix(
                "the keys file has an AAD prefix for this table, and the file is not encrypted: it is not the file that \
                 was expected there",
            )));
        }
        self.files.insert(file).ok_or_else(|| {
            generic(format!("'{location}' was replaced by another file while it was read: run the query again").into())
        })
    }

    async fn head(&self, location: &Path) -> Result<ObjectMeta> {
        let meta = self.inner.get_opts(location, GetOptions::new().with_head(true)).await?.meta;
        self.files.see(&meta);
        Ok(meta)
    }

    /// Reads a file's end and, if it is an encrypted Parquet file, opens it.
    async fn open(&self, meta: &ObjectMeta) -> Result<OpenFile> {
        // Files of other formats are asked for no more than it takes to see that.
        let is_parquet = meta.location.extension() == Some("parquet");
        let ahead = if is_parquet { READ_AHEAD } else { TAIL_LEN as u64 };
        let start = meta.size.saturating_sub(ahead);
        let end = self.inner.get_ranges(&meta.location, std::slice::from_ref(&(start..meta.size))).await?;
        let end = end.into_iter().next().unwrap_or_default();
        let plain = || OpenFile::new(meta.clone(), start, &end, None);
        let Some(tail) = end.last_chunk::<TAIL_LEN>() else { return Ok(plain()) };
        let Some(place) = FooterPlace::find(meta.size, tail).map_err(|error| self.refuse(error))? else {
            return Ok(plain());
        };
        let from = place.range.start.checked_sub(start).and_then(|from| usize::try_from(from).ok());
        let bytes = match from.filter(|from| *from <= end.len() - TAIL_LEN) {
            Some(from) => end.slice(from..end.len() - TAIL_LEN),
            None => {
                let read = self.inner.get_ranges(&meta.location, std::slice::from_ref(&place.range)).await?;
                read.into_iter().next().unwrap_or_default()
            }
        };
        match Footer::parse(&bytes, place.encrypted) {
            Ok(None) => Ok(plain()),
            // What is wrong with a footer in the clear, the Parquet library has words for.
            Err(_) if !place.encrypted => Ok(plain()),
            Err(error) => Err(self.refuse(error)),
            Ok(Some(footer)) => {
                let sealed = self.open_sealed(&meta.location, &footer, place.range).await?;
                Ok(OpenFile::new(meta.clone(), start, &end, Some(sealed)))
            }
        }
    }

    async fn open_sealed(&self, location: &Path, footer: &Footer<'_>, place: Range<u64>) -> Result<SealedFile> {
        let material = match footer.has_external_material() {
            true => Some(self.external_material(location).await?),
            false => None,
        };
        let prefix = self.keyring.aad_prefix(location.as_ref());
        let opened = footer.open(place, self.keyring.as_ref(), material.as_ref(), prefix.as_deref());
        opened.map_err(|error| self.refuse(error))
    }

    /// Reads the key material that lies beside a file.
    async fn external_material(&self, location: &Path) -> Result<ExternalMaterial> {
        let name = external_file_name(location.filename().unwrap_or_default());
        let folder = location.parts().count().saturating_sub(1);
        let material: Path = location.parts().take(folder).chain([name.as_str().into()]).collect();
        let problem = |problem| self.refuse(KeyError::External { file: name.clone(), problem }.into());
        let meta = match self.inner.get_opts(&material, GetOptions::new().with_head(true)).await {
            Ok(result) => result.meta,
            Err(Error::NotFound { .. }) => return Err(problem("is missing")),
            Err(error) => return Err(error),
        };
        if meta.size > MAX_EXTERNAL_BYTES {
            return Err(problem("is larger than 8 MiB"));
        }
        let content = self.inner.get_ranges(&material, std::slice::from_ref(&(0..meta.size))).await?;
        let content = content.first().map(Bytes::as_ref).unwrap_or_default();
        ExternalMaterial::parse(&name, content).map_err(|error| self.refuse(error.into()))
    }

    /// Ranges of an encrypted file, in the clear.
    async fn read(&self, file: &OpenFile, sealed: &SealedFile, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let plan = sealed.plan(ranges).map_err(|error| self.refuse(error))?;
        let read = self.fetch(file, plan.reads()).await?;
        let memory = self.buffers.reserve(plan.opened_lengths(), "data of encrypted files");
        let memory = memory.map_err(|error| generic(Box::new(error)))?;
        plan.finish(&read, &memory).map_err(|error| self.refuse(error))
    }

    /// Ranges as they are in the file, from what was read ahead if they are there.
    async fn fetch(&self, file: &OpenFile, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        match ranges.iter().map(|range| file.ahead(range)).collect::<Option<Vec<_>>>() {
            Some(ahead) => Ok(ahead),
            None => self.inner.get_ranges(&file.meta.location, ranges).await,
        }
    }

    fn refuse(&self, error: sealed_parquet::Error) -> Error {
        self.keyring.report(&error);
        generic(Box::new(error))
    }
}

#[async_trait]
impl Files for OpenedFiles {
    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if options.head {
            let result = self.inner.get_opts(location, options).await?;
            self.files.see(&result.meta);
            return Ok(result);
        }
        let file = self.file(location).await?;
        let Some(sealed) = &file.sealed else { return self.inner.get_opts(location, options).await };
        options.check_preconditions(&file.meta)?;
        let Some(range) = &options.range else {
            return Err(generic(format!("'{location}' is an encrypted Parquet file: read it as Parquet").into()));
        };
        let range = range.as_range(file.meta.size).map_err(|error| generic(Box::new(error)))?;
        let bytes = self.read(&file, sealed, std::slice::from_ref(&range)).await?;
        let payload = GetResultPayload::Stream(stream::iter(bytes.into_iter().map(Ok)).boxed());
        Ok(GetResult { payload, meta: file.meta.clone(), range, attributes: Attributes::default() })
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let file = self.file(location).await?;
        match &file.sealed {
            None => self.fetch(&file, ranges).await,
            Some(sealed) => self.read(&file, sealed, ranges).await,
        }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let files = Arc::clone(&self.files);
        let seen = move |meta: &Result<ObjectMeta>| {
            if let Ok(meta) = meta {
                files.see(meta);
            }
        };
        self.inner.list(prefix).inspect(seen).boxed()
    }
}

impl fmt::Debug for OpenedFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenedFiles")
    }
}

impl fmt::Display for OpenedFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

fn generic(source: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::Generic { store: STORE, source }
}

#[cfg(test)]
mod tests;
