//! The content of an attestation document.

use std::collections::BTreeMap;

use super::policy::Pcr;
use crate::UnixMillis;

/// The largest document that is looked at. Real ones have about 4.5 KiB.
pub const MAX_DOCUMENT_BYTES: usize = 16 << 10;

/// The fields of a document whose signature is verified. Certificates are in DER form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestationDocument {
    /// Which NSM issued it: `i-<instance>-enc<enclave>`.
    pub module_id: String,
    /// When.
    pub timestamp: UnixMillis,
    /// The locked registers.
    pub pcrs: BTreeMap<u8, Pcr>,
    /// The key the enclave asked to be included.
    pub public_key: Option<Vec<u8>>,
    /// The data the enclave asked to be included.
    pub user_data: Option<Vec<u8>>,
    /// The nonce the enclave asked to be included.
    pub nonce: Option<Vec<u8>>,
}
