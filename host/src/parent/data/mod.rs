//! What a parent serves to its enclave: the regular files of a directory, or the objects of an S3 bucket.

#[cfg(feature = "s3")]
mod bucket;
mod directory;
mod file_range;

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use casemate_wire::storage::MAX_RANGE_BYTES;

#[cfg(feature = "s3")]
pub use bucket::{BucketOptions, DataBucket};
pub use directory::{DataDirectory, DataFile};
pub use file_range::FileRange;

/// The longest path a request may name.
pub const MAX_PATH_BYTES: usize = 4096;

/// Why a path was not served. The text names the path as it was asked for and nothing else of the parent.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The path is not a plain relative path.
    #[error("`{0}` is not a relative path below the served data")]
    InvalidPath(String),
    /// There is no such file.
    #[error("there is no file `{0}` in the served data")]
    NotFound(String),
    /// It is a link that leads out, a device, a pipe or a socket.
    #[error("`{0}` is not a regular file inside the served data")]
    NotServed(String),
    /// The range does not lie inside the file.
    #[error("bytes {start}..{end} do not lie inside `{path}`, which has {size}")]
    Range {
        /// The path as asked for.
        path: String,
        /// First byte asked for.
        start: u64,
        /// One past the last byte asked for.
        end: u64,
        /// The file's size.
        size: u64,
    },
    /// The range is empty or longer than one request may ask for.
    #[error("bytes {start}..{end} of `{path}`: ask for 1 to {MAX_RANGE_BYTES} bytes at once")]
    Length {
        /// The path as asked for.
        path: String,
        /// First byte asked for.
        start: u64,
        /// One past the last byte asked for.
        end: u64,
    },
    /// More files than one listing may name.
    #[error("more than {limit} files lie below `{prefix}`: name a folder with fewer")]
    TooManyFiles {
        /// The prefix as asked for.
        prefix: String,
        /// The cap.
        limit: usize,
    },
    /// What `--data` names is no bucket.
    #[cfg(feature = "s3")]
    #[error("can't serve {url}: {reason}")]
    Bucket {
        /// The URL as given.
        url: String,
        /// What is wrong with it, or with the environment.
        reason: String,
    },
    /// The store does not let the parent read.
    #[cfg(feature = "s3")]
    #[error(
        "`{0}` can't be read: the store refuses the parent's credentials; check AWS_ACCESS_KEY_ID and the bucket's policy"
    )]
    Credentials(String),
    /// The store failed.
    #[cfg(feature = "s3")]
    #[error("`{path}` can't be read: {source}")]
    Store {
        /// The path as asked for.
        path: String,
        /// The cause.
        source: object_store::Error,
    },
    /// The operating system refused.
    #[error("`{path}` can't be read: {source}")]
    Io {
        /// The path as asked for.
        path: String,
        /// The cause.
        source: io::Error,
    },
}

/// One file of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// Path below what is served, `/` between folders.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
    /// Time of the last change, milliseconds since the epoch.
    pub modified_ms: i64,
}

/// What is in a range of a file.
#[derive(Debug)]
pub enum Content {
    /// Bytes that are still in their file.
    File(FileRange),
    /// Bytes that are in memory.
    Bytes(Bytes),
}

impl Content {
    /// How many bytes there are.
    pub fn len(&self) -> usize {
        match self {
            Self::File(range) => range.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Where the files come from.
#[derive(Clone, Debug)]
pub enum DataSource {
    /// A directory of this machine.
    Directory(Arc<DataDirectory>),
    /// A bucket of an S3-compatible store.
    #[cfg(feature = "s3")]
    Bucket(Arc<DataBucket>),
}

impl From<DataDirectory> for DataSource {
    fn from(directory: DataDirectory) -> Self {
        Self::Directory(Arc::new(directory))
    }
}

#[cfg(feature = "s3")]
impl From<DataBucket> for DataSource {
    fn from(bucket: DataBucket) -> Self {
        Self::Bucket(Arc::new(bucket))
    }
}

impl DataSource {
    /// All files below the folder `prefix` (empty: all), sorted by path, at most `limit`.
    ///
    /// # Errors
    /// [`DataError::TooManyFiles`] beyond the limit, others as they come.
    pub async fn list(&self, prefix: &str, limit: usize) -> Result<Vec<FileEntry>, DataError> {
        match self {
            Self::Directory(directory) => {
                let (directory, wanted) = (directory.clone(), prefix.to_owned());
                blocking(prefix, move || directory.list(&wanted, limit)).await
            }
            #[cfg(feature = "s3")]
            Self::Bucket(bucket) => bucket.list(prefix, limit).await,
        }
    }

    /// Size and time of one file.
    ///
    /// # Errors
    /// [`DataError::NotFound`] when there is none, others as they come.
    pub async fn head(&self, path: &str) -> Result<FileEntry, DataError> {
        match self {
            Self::Directory(directory) => {
                let (directory, wanted) = (directory.clone(), path.to_owned());
                blocking(path, move || Ok(directory.file(&wanted)?.entry().clone())).await
            }
            #[cfg(feature = "s3")]
            Self::Bucket(bucket) => bucket.head(path).await,
        }
    }

    /// Whether ranges that were [read](Self::read) take memory.
    pub fn reads_into_memory(&self) -> bool {
        match self {
            Self::Directory(_) => false,
            #[cfg(feature = "s3")]
            Self::Bucket(_) => true,
        }
    }

    /// The bytes `start..end` of one file, all of them or an error.
    ///
    /// # Errors
    /// [`DataError::Range`] for a range that is empty, longer than a request may ask for or not inside the file.
    pub async fn read(&self, path: &str, start: u64, end: u64) -> Result<Content, DataError> {
        let length = end.saturating_sub(start);
        if length == 0 || length > MAX_RANGE_BYTES {
            return Err(DataError::Length { path: path.to_owned(), start, end });
        }
        match self {
            Self::Directory(directory) => {
                let (directory, wanted) = (directory.clone(), path.to_owned());
                blocking(path, move || directory.file(&wanted)?.range(start, end).map(Content::File)).await
            }
            #[cfg(feature = "s3")]
            Self::Bucket(bucket) => bucket.read(path, start, end).await.map(Content::Bytes),
        }
    }
}

/// Runs what waits for a disk where it holds nobody up.
async fn blocking<T: Send + 'static>(
    path: &str,
    work: impl FnOnce() -> Result<T, DataError> + Send + 'static,
) -> Result<T, DataError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => Err(DataError::Io { path: path.to_owned(), source: io::Error::other(error) }),
    }
}

/// Accepts `a/b/c`: no root, no empty, `.` or `..` parts, no NUL.
fn check_path(path: &str) -> Result<(), DataError> {
    let plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0');
    if path.len() <= MAX_PATH_BYTES && path.split('/').all(plain) {
        Ok(())
    } else {
        Err(DataError::InvalidPath(path.chars().take(200).collect()))
    }
}
