//! How the engine reaches the parent's storage server.

use std::io;

use async_trait::async_trait;
use casemate_wire::address::Address;
use casemate_wire::transport::{self, BoxedIo};

/// Opens connections to the parent's storage server: over a socket, or in memory when the engine is embedded.
#[async_trait]
pub trait StorageConnector: Send + Sync + 'static {
    /// One new connection.
    async fn connect(&self) -> io::Result<BoxedIo>;
}

/// Dials an address.
#[derive(Debug, Clone)]
pub struct AddressConnector(pub Address);

#[async_trait]
impl StorageConnector for AddressConnector {
    async fn connect(&self) -> io::Result<BoxedIo> {
        transport::connect(&self.0).await
    }
}
