//! Attestation documents of the Nitro Secure Module: producing them, and checking them.

mod chain;
mod cose;
pub mod document;
#[cfg(feature = "emulated-nsm")]
pub(crate) mod emulated;
mod error;
pub mod nsm;
pub mod policy;
pub mod simulated;
pub mod verify;

pub use error::AttestationError;
pub use nsm::{DeviceNsm, Nsm, NsmError, POLICY_PCR, policy_pcr};
pub use policy::{Pcr, PcrSet, TrustPolicy, TrustedRoot};
pub use simulated::{SimulatedNsm, SimulatedOptions};
pub use verify::{Expected, VerifiedDocument, verify, verify_chain_only};
