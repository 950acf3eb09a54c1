//! Why an enclave image can't be built or read.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// What is wrong with an enclave image or with what goes into one; each message says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// A file can't be read.
    #[error("{} can't be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Something is larger than an enclave image may hold.
    #[error("{what} is larger than {limit} bytes, the most that is taken into an enclave image")]
    TooLarge {
        /// What was read.
        what: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// The kernel is none that boots as an enclave.
    #[error("{} can't be used as kernel: {problem}", path.display())]
    Kernel {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A kernel module can't be taken in.
    #[error("{} can't be used as kernel module: {problem}", path.display())]
    Module {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The engine's binary can't run in an enclave.
    #[error("{what} can't be used as the engine: {problem}")]
    Engine {
        /// Where it is from.
        what: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A name or an entry of the root file system.
    #[error("'{path}' can't be in an enclave's root file system: {problem}")]
    Entry {
        /// Its path there.
        path: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The container engine did not hand out the image.
    #[error("{0}")]
    Container(String),
    /// An option's value that can't stand in an image.
    #[error("{0}")]
    Option(String),
    /// The signing key or certificate.
    #[error("the image can't be signed: {0}")]
    Signing(String),
    /// The bytes are not an enclave image, or a damaged one.
    #[error("not a usable enclave image: {0}")]
    Format(String),
}

impl ImageError {
    /// Adds the file's name to an error of the operating system.
    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Read { path, source }
    }
}

/// Reads a whole file of at most `limit` bytes; a device or a pipe without an end is refused like a file that is too
/// large.
pub(crate) fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>, ImageError> {
    let file = std::fs::File::open(path).map_err(ImageError::read(path))?;
    read_bounded(file, &path.display().to_string(), limit)?.map_err(ImageError::read(path))
}

/// Reads to the end, one byte more than `limit` at most; the inner error is the reader's.
pub(crate) fn read_bounded(reader: impl Read, what: &str, limit: u64) -> Result<io::Result<Vec<u8>>, ImageError> {
    let mut bytes = Vec::new();
    if let Err(error) = reader.take(limit + 1).read_to_end(&mut bytes) {
        return Ok(Err(error));
    }
    if bytes.len() as u64 > limit {
        return Err(ImageError::TooLarge { what: what.to_owned(), limit });
    }
    Ok(Ok(bytes))
}
