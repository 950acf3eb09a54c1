//! Why a table is not read.

use casemate_wire::dataset::DatasetName;
use casemate_wire::manifest::ManifestError;

/// What keeps the files of the parent from being a client's table.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// No manifest that counts, and the client asks for one.
    #[error(
        "'{0}' has no manifest by a signer that this session trusts: sign it with 'casemate dataset sign', or allow it as it \
         is with --allow-unsigned {0}"
    )]
    Unsigned(DatasetName),
    /// Not encrypted, and the client did not allow that.
    #[error(
        "'{0}' is not encrypted: seal it with 'casemate dataset seal', or allow it as it is with --allow-plaintext {0}"
    )]
    Plaintext(DatasetName),
    /// A dataset of which the client knows a version has no manifest any more.
    #[error("the manifest of '{dataset}' is gone: version {version} or a later one must be there")]
    Required {
        /// The dataset.
        dataset: DatasetName,
        /// The lowest version that the client accepts.
        version: u64,
    },
    /// A manifest that is not accepted.
    #[error("the manifest of '{dataset}' is refused: {problem}")]
    Manifest {
        /// The dataset at whose place it lies.
        dataset: DatasetName,
        /// Why.
        problem: ManifestError,
    },
    /// The session has seen a newer manifest of the dataset, or another one of the same version.
    #[error(
        "the manifest of '{dataset}' has version {found} where this session has read version {seen} before: it was rolled back, \
         or two were signed with one version"
    )]
    RolledBack {
        /// The dataset.
        dataset: DatasetName,
        /// What lies there now.
        found: u64,
        /// What was read before.
        seen: u64,
    },
    /// A file of the manifest is not there.
    #[error("the file '{0}' is missing: its dataset's manifest names it")]
    Missing(DatasetName),
    /// A file that the manifest doesn't name.
    #[error("the file '{0}' is not in its dataset's manifest: it was added, or the dataset has to be signed again")]
    Extra(DatasetName),
    /// A file of another size.
    #[error(
        "the file '{file}' has {found} bytes where its dataset's manifest says {expected}: it was changed, cut or swapped"
    )]
    WrongSize {
        /// The file.
        file: DatasetName,
        /// By the manifest.
        expected: u64,
        /// By the parent.
        found: u64,
    },
    /// Bytes that are not those that were signed.
    #[error("the file '{0}' is not the one that its dataset's manifest names: it was changed, swapped or rolled back")]
    Altered(DatasetName),
    /// A file that was another one when the session read it before.
    #[error("the file '{0}' was replaced while this session reads it: open a new session")]
    Replaced(DatasetName),
    /// Something else than a name for a table.
    #[error("'{path}' can't be a table: {problem}")]
    Name {
        /// What stands where a name should.
        path: String,
        /// Why it is none.
        problem: casemate_wire::Error,
    },
}

impl From<DatasetError> for object_store::Error {
    fn from(error: DatasetError) -> Self {
        object_store::Error::Generic { store: "parent", source: Box::new(error) }
    }
}
