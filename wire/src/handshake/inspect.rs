//! Looking at an engine without opening a session: the two hellos, and nothing secret.

use crate::Error;
use crate::attestation::Expected;
use crate::handshake::HandshakeError;
use crate::transport::Io;

/// What an engine answered to a hello. Nothing of it is verified yet.
pub struct Inspection {
    /// The attestation document as it came.
    pub document: Vec<u8>,
    /// The hash of the engine's access policy, as its hello names it.
    pub policy_hash: [u8; 48],
    nonce: [u8; 32],
    public_key: Vec<u8>,
    transcript: [u8; 48],
}

impl Inspection {
    /// What the document must contain to belong to this connection.
    pub fn expected(&self) -> Expected<'_> {
        Expected { nonce: &self.nonce, public_key: &self.public_key, user_data: &self.transcript }
    }
}

/// Sends a hello, takes the engine's, and ends the connection. There is no timeout inside: wrap the future.
pub async fn inspect<S: Io>(_io: S) -> Result<Inspection, HandshakeError> {
    Err(Error::Malformed("the handshake is not part of this build").into())
}
