//! Where documents come from: the Nitro Secure Module of an enclave.

use aws_nitro_enclaves_nsm_api::api::{ErrorCode, Request, Response};
use aws_nitro_enclaves_nsm_api::driver::{nsm_exit, nsm_init, nsm_process_request};

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub enum NsmError {
    /// `/dev/nsm` does not open.
    #[error("there is no /dev/nsm; run the engine inside a Nitro enclave, or choose '--nsm simulated' for development")]
    NoDevice,
    /// The device answered with an error.
    #[error("the Nitro Secure Module refused to attest: {0:?}")]
    Refused(ErrorCode),
    /// The device answered something else.
    #[error("the Nitro Secure Module gave an answer that is no document")]
    UnexpectedAnswer,
    /// The request is larger than the device takes.
    #[error("{field} has {len} bytes; the Nitro Secure Module takes at most {max}")]
    TooLong {
        /// Which argument.
        field: &'static str,
        /// Its length.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// The simulated module could not make its keys or certificates.
    #[error("the simulated Nitro Secure Module failed: {0}")]
    Simulated(String),
}

/// A source of attestation documents.
pub trait Nsm: Send + Sync {
    /// A document that contains these three values. Blocks for some milliseconds.
    fn attest(&self, user_data: &[u8], nonce: &[u8], public_key: &[u8]) -> Result<Vec<u8>, NsmError>;

    /// Whether its documents prove nothing about hardware.
    fn is_simulated(&self) -> bool;
}

/// Limits of the device (AWS, `attestation_process.md`); a request has at most 4096 bytes in all.
pub(super) const MAX_USER_DATA: usize = 512;
pub(super) const MAX_NONCE: usize = 512;
pub(super) const MAX_PUBLIC_KEY: usize = 1024;

pub(super) fn check_lengths(user_data: &[u8], nonce: &[u8], public_key: &[u8]) -> Result<(), NsmError> {
    let fields = [
        ("user_data", user_data.len(), MAX_USER_DATA),
        ("nonce", nonce.len(), MAX_NONCE),
        ("public_key", public_key.len(), MAX_PUBLIC_KEY),
    ];
    match fields.into_iter().find(|(_, len, max)| len > max) {
        Some((field, len, max)) => Err(NsmError::TooLong { field, len, max }),
        None => Ok(()),
    }
}

/// The module of the enclave that this program runs in.
pub struct DeviceNsm {
    descriptor: i32,
}

impl DeviceNsm {
    /// Opens `/dev/nsm`.
    pub fn open() -> Result<Self, NsmError> {
        match nsm_init() {
            descriptor if descriptor >= 0 => Ok(Self { descriptor }),
            _ => Err(NsmError::NoDevice),
        }
    }
}

impl Nsm for DeviceNsm {
    fn attest(&self, user_data: &[u8], nonce: &[u8], public_key: &[u8]) -> Result<Vec<u8>, NsmError> {
        check_lengths(user_data, nonce, public_key)?;
        let request = Request::Attestation {
            user_data: Some(user_data.to_vec().into()),
            nonce: Some(nonce.to_vec().into()),
            public_key: Some(public_key.to_vec().into()),
        };
        match nsm_process_request(self.descriptor, request) {
            Response::Attestation { document } => Ok(document),
            Response::Error(code) => Err(NsmError::Refused(code)),
            _ => Err(NsmError::UnexpectedAnswer),
        }
    }

    fn is_simulated(&self) -> bool {
        false
    }
}

impl Drop for DeviceNsm {
    fn drop(&mut self) {
        nsm_exit(self.descriptor);
    }
}
