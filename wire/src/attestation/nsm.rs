//! Where documents come from: the Nitro Secure Module of an enclave.

mod policy_register;

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

use aws_nitro_enclaves_nsm_api::api::{ErrorCode, Request, Response};
use aws_nitro_enclaves_nsm_api::driver::nsm_process_request;
use zeroize::Zeroizing;

pub use self::policy_register::{POLICY_PCR, policy_pcr};

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub enum NsmError {
    /// `/dev/nsm` does not open.
    #[error(
        "{DEVICE} does not open ({0}); run the engine inside a Nitro enclave, or choose '--nsm simulated' for development"
    )]
    NoDevice(#[source] io::Error),
    /// The device answered with an error.
    #[error("the Nitro Secure Module refused {request}: {code:?}")]
    Refused {
        /// What was asked for.
        request: &'static str,
        /// The device's reason.
        code: ErrorCode,
    },
    /// The device answered something else.
    #[error("the Nitro Secure Module gave an answer that is none to {0}")]
    UnexpectedAnswer(&'static str),
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
    /// The register of the access policy was extended by somebody else, or for another policy.
    #[error(
        "PCR{POLICY_PCR} of the Nitro Secure Module already has a value that is not that of this access policy; \
         start the enclave afresh"
    )]
    PolicyRegister,
    /// The simulated module could not make its keys or certificates.
    #[error("the simulated Nitro Secure Module failed: {0}")]
    Simulated(String),
}

/// A source of attestation documents.
pub trait Nsm: Send + Sync {
    /// A document that contains these three values. Blocks: for milliseconds on hardware, for two minutes at most when
    /// the device does not answer.
    fn attest(&self, user_data: &[u8], nonce: &[u8], public_key: &[u8]) -> Result<Vec<u8>, NsmError>;

    /// Whether its documents prove nothing about hardware.
    fn is_simulated(&self) -> bool;
}

/// Limits of the device (AWS, `attestation_process.md`).
pub(super) const MAX_USER_DATA: usize = 512;
pub(super) const MAX_NONCE: usize = 512;
pub(super) const MAX_PUBLIC_KEY: usize = 1024;

/// What a request may have in all, in CBOR, and what its names and lengths take of that at most.
const MAX_REQUEST: usize = 4096;
const REQUEST_OVERHEAD: usize = 64;

// The three fields at their limits still fit, so that checking each is enough.
const _: () = assert!(MAX_USER_DATA + MAX_NONCE + MAX_PUBLIC_KEY + REQUEST_OVERHEAD <= MAX_REQUEST);

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

/// The device file of the module's driver.
const DEVICE: &str = "/dev/nsm";

/// The module of the enclave that this program runs in. Its driver takes one request at a time; others wait.
pub struct DeviceNsm {
    device: File,
}

impl DeviceNsm {
    /// Opens `/dev/nsm`.
    pub fn open() -> Result<Self, NsmError> {
        let device = File::options().read(true).write(true).open(DEVICE).map_err(NsmError::NoDevice)?;
        Ok(Self { device })
    }

    /// Fresh random bytes of the module, some hundred.
    ///
    /// # Errors
    /// When the device gives none.
    pub fn random(&self) -> Result<Zeroizing<Vec<u8>>, NsmError> {
        match self.process(Request::GetRandom) {
            Response::GetRandom { random } if !random.is_empty() => Ok(Zeroizing::new(random)),
            other => Err(unexpected("random bytes", other)),
        }
    }

    /// Puts the hash of the access policy into PCR16 and locks it, so that every document from now on carries it and
    /// nothing that runs in this enclave can change it. An engine that is started again with the same policy finds it
    /// done. See `docs/protocol.md`.
    ///
    /// # Errors
    /// When the register has another value, or the device refuses.
    pub fn bind_policy(&self, policy_hash: &[u8; 48]) -> Result<(), NsmError> {
        policy_register::bind(policy_hash, |request| self.process(request))
    }

    fn process(&self, request: Request) -> Response {
        nsm_process_request(self.device.as_raw_fd(), request)
    }
}

impl Nsm for DeviceNsm {
    fn attest(&self, user_data: &[u8], nonce: &[u8], public_key: &[u8]) -> Result<Vec<u8>, NsmError> {
        check_lengths(user_data, nonce, public_key)?;
        match self.process(attestation_request(user_data, nonce, public_key)) {
            Response::Attestation { document } => Ok(document),
            other => Err(unexpected("to attest", other)),
        }
    }

    fn is_simulated(&self) -> bool {
        false
    }
}

fn attestation_request(user_data: &[u8], nonce: &[u8], public_key: &[u8]) -> Request {
    Request::Attestation {
        user_data: Some(user_data.to_vec().into()),
        nonce: Some(nonce.to_vec().into()),
        public_key: Some(public_key.to_vec().into()),
    }
}

fn unexpected(request: &'static str, answer: Response) -> NsmError {
    match answer {
        Response::Error(code) => NsmError::Refused { request, code },
        _ => NsmError::UnexpectedAnswer(request),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_request_that_is_let_through_fits_the_device() {
        let (user_data, nonce, public_key) = ([0xff; MAX_USER_DATA], [0xff; MAX_NONCE], [0xff; MAX_PUBLIC_KEY]);
        check_lengths(&user_data, &nonce, &public_key).unwrap();
        let mut encoded = Vec::new();
        ciborium::into_writer(&attestation_request(&user_data, &nonce, &public_key), &mut encoded).unwrap();
        let overhead = encoded.len() - MAX_USER_DATA - MAX_NONCE - MAX_PUBLIC_KEY;
        assert!(overhead <= REQUEST_OVERHEAD, "{overhead} bytes of names and lengths");
    }

    #[test]
    fn without_a_device_the_error_says_what_to_do() {
        // On a machine that has the device this is no error, and nothing to test.
        if let Err(error) = DeviceNsm::open() {
            assert!(error.to_string().contains("--nsm simulated"), "{error}");
        }
    }
}
