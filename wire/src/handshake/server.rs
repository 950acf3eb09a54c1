//! The engine's side of the handshake.

use std::sync::Arc;

use crate::access_file::{AccessPolicy, policy_hash};
use crate::attestation::Nsm;
use crate::frame::{StatusCode, write_status};
use crate::handshake::HandshakeError;
use crate::session::ServerSession;
use crate::transport::Io;
use crate::{Error, Result};

/// What an engine brings to every handshake.
#[derive(Clone)]
pub struct ServerOptions {
    nsm: Arc<dyn Nsm>,
    access: Arc<AccessPolicy>,
    policy_hash: [u8; 48],
}

impl ServerOptions {
    /// The module that attests, and who may use the engine.
    pub fn new(nsm: Arc<dyn Nsm>, access: Arc<AccessPolicy>) -> Self {
        let policy_hash = policy_hash(&access);
        Self { nsm, access, policy_hash }
    }
}

/// Answers a client and opens a session. On failure the client was told the status code that is its due, and
/// nothing else. There is no timeout inside: wrap the future.
pub async fn accept<S: Io + 'static>(_io: S, options: &ServerOptions) -> Result<ServerSession, HandshakeError> {
    let _ = (&options.nsm, &options.access, options.policy_hash);
    Err(Error::Malformed("the handshake is not part of this build").into())
}

/// Turns a client away without reading anything from it, for example with [`StatusCode::Busy`].
pub async fn refuse<S: Io>(mut io: S, status: StatusCode) -> Result<()> {
    write_status(&mut io, status).await
}
