//! What crosses Casemate's trust boundary: frames, records, handshake, attestation documents.
//!
//! The crate holds no SQL, no policy of its own and no clock: time is always an argument. The bytes are
//! described in `docs/protocol.md`, so that a second implementation can be written from that page.

pub mod access_file;
pub mod address;
pub mod attestation;
mod codec;
pub mod data_policy;
pub mod dataset;
mod error;
pub mod frame;
pub mod handshake;
pub mod identity;
mod ipc;
pub mod keys;
pub mod manifest;
mod record;
pub mod sealed_file;
pub mod session;
pub mod storage;
#[cfg(test)]
mod test_random;
#[cfg(test)]
mod test_session;
mod time;
pub mod transport;
pub mod trust_file;

pub use error::Error;
pub use time::{Clock, UnixMillis};

/// Result of everything in this crate that is neither the handshake nor an attestation check.
pub type Result<T, E = Error> = std::result::Result<T, E>;
