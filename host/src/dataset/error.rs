//! What can go wrong with a dataset outside the enclave.

use std::io;
use std::path::{Path, PathBuf};

use arrow::error::ArrowError;
use casemate_wire::manifest::ManifestError;
use parquet::errors::ParquetError;

/// Why a dataset can't be sealed, signed or verified; each message says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// A file or folder that can't be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Rows that can't be read.
    #[error("{} can't be read: {source}", path.display())]
    Rows {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: ArrowError,
    },
    /// Parquet that can't be read or written.
    #[error("{}: {source}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: ParquetError,
    },
    /// Something else about a file.
    #[error("{}: {problem}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// A manifest.
    #[error("the manifest {} is refused: {source}", path.display())]
    Manifest {
        /// Where it lies.
        path: PathBuf,
        /// Why.
        source: ManifestError,
    },
    /// A key that is not there, or can't be used.
    #[error("{0}")]
    Key(String),
    /// Somebody stopped the work.
    #[error("interrupted")]
    Interrupted,
    /// A name or key that the protocol does not have.
    #[error(transparent)]
    Value(#[from] casemate_wire::Error),
}

impl DatasetError {
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_path_buf(), source }
    }

    pub(super) fn rows(path: &Path) -> impl FnOnce(ArrowError) -> Self + '_ {
        move |source| Self::Rows { path: path.to_path_buf(), source }
    }

    pub(super) fn parquet(path: &Path) -> impl FnOnce(ParquetError) -> Self + '_ {
        move |source| Self::Parquet { path: path.to_path_buf(), source }
    }

    pub(super) fn manifest(path: &Path) -> impl FnOnce(ManifestError) -> Self + '_ {
        move |source| Self::Manifest { path: path.to_path_buf(), source }
    }

    pub(super) fn file(path: &Path, problem: impl Into<String>) -> Self {
        Self::File { path: path.to_path_buf(), problem: problem.into() }
    }
}
