//! Why a handshake failed.

use crate::Error;
use crate::attestation::{AttestationError, NsmError};

/// Why there is no session. Nothing secret was sent if it happened on the client's side before the identity.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    /// Transport and framing.
    #[error(transparent)]
    Connection(#[from] Error),
    /// The enclave could not be verified.
    #[error("the engine could not prove what it is: {0}")]
    Attestation(#[from] AttestationError),
    /// The enclave's access policy is not one that the trust policy names.
    #[error("the engine's access policy {0} is not one that the trust file accepts (policy_hashes)")]
    PolicyHash(String),
    /// A version or suite that was not offered.
    #[error("the engine chose a protocol version or suite that was not offered; somebody may have changed messages")]
    Downgrade,
    /// The engine could not obtain a document.
    #[error(transparent)]
    Nsm(#[from] NsmError),
    /// The engine does not serve this client, or its signature is wrong.
    #[error("the client is not one that the access file names")]
    Denied,
    /// No version or suite in common.
    #[error("the client offers no version or suite that this engine speaks")]
    Unsupported,
    /// HPKE failed: an unusable key or an altered message.
    #[error("the sealed part of the handshake did not open; messages were changed on the way")]
    Sealed,
}
