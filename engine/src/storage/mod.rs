//! Data through the parent: an object store whose objects are ranges asked from the parent's storage server.
//!
//! `connector` opens connections, `connection` puts many requests on one of them, `client` retries and
//! limits, `store` is what DataFusion sees, `plan` decides which reads to make for a set of ranges, `buffers`
//! is the memory that they fill. The parent owns the files and may lie: every answer is checked against what was asked before it is used.

mod buffers;
mod client;
mod connection;
mod connector;
mod error;
mod plan;
mod store;

pub use buffers::{Buffers, ReservedBuffers};
pub use client::{StorageClient, StorageOptions};
pub use connector::{AddressConnector, StorageConnector};
pub use error::StorageError;
pub use store::ParentStore;

/// The URL under which a session's tables lie.
pub const STORAGE_URL: &str = "parent://data/";

#[cfg(test)]
mod tests;
