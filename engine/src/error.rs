//! The crate's error: what keeps an engine from starting or serving.

use std::io;
use std::path::PathBuf;

use casemate_wire::attestation::NsmError;

/// Why the engine can't start or can't go on. Errors of a query go to the client that asked, sealed.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// An option or a field of the configuration makes no sense.
    #[error("{0}")]
    Config(String),
    /// The access file can't be used.
    #[error("the access file '{path}' can't be used: {source}")]
    Access {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The address can't be listened on.
    #[error("can't listen on {address}: {source}")]
    Listen {
        /// The address as given.
        address: String,
        /// The operating system's reason.
        source: io::Error,
    },
    /// There is no NSM to attest with.
    #[error("can't attest: {0}")]
    Nsm(#[source] NsmError),
    /// A file that was asked for can't be written.
    #[error("can't write '{path}': {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// Threads, measurements or signals that the operating system refused.
    #[error("can't start: {0}")]
    Start(#[from] io::Error),
}
