//! Looking at an engine without opening a session: what its hello says, unverified.

use super::suite::KEM_LEN;
use super::transcript::Hash;
use crate::attestation::Expected;

/// What an engine answered to a hello. Nothing of it is verified yet.
pub struct Inspection {
    /// The attestation document as it came.
    pub document: Vec<u8>,
    /// The hash of the engine's access policy, as its hello names it.
    pub policy_hash: [u8; 48],
    pub(super) nonce: [u8; 32],
    pub(super) public_key: [u8; KEM_LEN],
    pub(super) user_data: Hash,
}

impl Inspection {
    /// What the document must contain to belong to this connection.
    pub fn expected(&self) -> Expected<'_> {
        Expected { nonce: &self.nonce, public_key: &self.public_key, user_data: &self.user_data }
    }
}
