//! A Nitro Secure Module in software, for development and tests: the same documents, from a root of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::nsm::{Nsm, NsmError};
use super::policy::{Pcr, TrustedRoot};
use crate::Clock;

/// What a simulated module attests.
#[derive(Clone)]
pub struct SimulatedOptions {
    /// The registers; PCR0, PCR1 and PCR2 of zeros make a document of a debug enclave.
    pub pcrs: BTreeMap<u8, Pcr>,
    /// `i-<instance>-enc<enclave>`.
    pub module_id: String,
    /// The time that documents and certificates carry.
    pub clock: Arc<Clock>,
}

/// A module with its own generated root, chosen explicitly and never a fallback.
pub struct SimulatedNsm {
    options: SimulatedOptions,
    root_der: Vec<u8>,
}

impl SimulatedNsm {
    /// Makes fresh keys and certificates.
    pub fn generate(_options: SimulatedOptions) -> Result<Self, NsmError> {
        Err(NsmError::Simulated("not part of this build".into()))
    }

    /// The root certificate, which a trust policy must name.
    pub fn root_der(&self) -> &[u8] {
        &self.root_der
    }

    /// The root as an entry of a trust policy.
    pub fn trusted_root(&self) -> TrustedRoot {
        TrustedRoot::Simulated(self.root_der.clone())
    }

    /// The registers that its documents carry.
    pub fn pcrs(&self) -> &BTreeMap<u8, Pcr> {
        &self.options.pcrs
    }
}

impl Nsm for SimulatedNsm {
    fn attest(&self, _user_data: &[u8], _nonce: &[u8], _public_key: &[u8]) -> Result<Vec<u8>, NsmError> {
        Err(NsmError::Simulated("not part of this build".into()))
    }

    fn is_simulated(&self) -> bool {
        true
    }
}
