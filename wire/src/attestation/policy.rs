//! What a client accepts: roots, measured images, age, access policies.

use std::collections::BTreeMap;
use std::time::Duration;

/// Bytes of a platform configuration register: a SHA-384 value.
pub const PCR_LEN: usize = 48;

/// The value of a platform configuration register.
pub type Pcr = [u8; PCR_LEN];

/// Where a chain of certificates may end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustedRoot {
    /// The root of AWS Nitro Enclaves, pinned by its fingerprint in this crate.
    AwsNitro,
    /// The root of one simulated NSM, in DER form. It proves nothing about hardware.
    Simulated(Vec<u8>),
}

/// The registers of one enclave image that is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PcrSet {
    /// A name for people.
    pub name: String,
    /// Required values. PCR0, PCR1 and PCR2 must be among them; PCR8 (the signer) may be.
    pub pcrs: BTreeMap<u8, Pcr>,
}

/// Everything that a document is checked against, except the values of one handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustPolicy {
    /// Accepted roots.
    pub roots: Vec<TrustedRoot>,
    /// Accepted images; several during a rollout. Empty accepts nothing.
    pub pcr_sets: Vec<PcrSet>,
    /// How old a document may be.
    pub max_age: Duration,
    /// Accepted hashes of the engine's access policy. Empty accepts any.
    pub policy_hashes: Vec<[u8; 48]>,
}
