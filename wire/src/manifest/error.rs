//! Why a manifest is not accepted.

use crate::dataset::DatasetName;
use crate::identity::ClientPublicKey;

/// Each reason to refuse a manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The file does not begin as a manifest does.
    #[error("it is not a dataset's manifest, or one of a version that this program does not know")]
    NotAManifest,
    /// More bytes than a manifest may have.
    #[error("it has more than {} MiB: use larger chunks, or several datasets", super::MAX_MANIFEST_BYTES >> 20)]
    TooLarge,
    /// The signer is not one that the client trusts.
    #[error(
        "it is signed by {0}, which the client does not trust: check whose key that is, then add it with \
         'casemate dataset trust --signer'"
    )]
    UnknownSigner(Box<ClientPublicKey>),
    /// The signature is not one over this text.
    #[error("its signature does not hold: it was altered after it was signed")]
    Signature,
    /// The text is not what a manifest has.
    #[error("its text is not that of a manifest: {0}")]
    Malformed(String),
    /// One of its files can't be true.
    #[error("its file '{path}' can't be accepted: {problem}")]
    File {
        /// The path in the dataset.
        path: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// There is no file in it.
    #[error("it names no file")]
    Empty,
    /// It is of another dataset than the one at whose place it lies.
    #[error(
        "it is the manifest of '{found}' and lies at '{expected}': the data was moved, or something else was put in its \
         place; sign it with --name {expected} if that is where it belongs"
    )]
    OtherDataset {
        /// What it names.
        found: DatasetName,
        /// Where it lies.
        expected: DatasetName,
    },
    /// It is older than what the client has asked for.
    #[error(
        "version {found} of '{dataset}' is older than version {expected}, which must be there at least: it was rolled back"
    )]
    Stale {
        /// The dataset.
        dataset: DatasetName,
        /// Its version.
        found: u64,
        /// The lowest that is accepted.
        expected: u64,
    },
}
