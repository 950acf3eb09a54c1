//! The register that measures the engine's access policy.

use aws_nitro_enclaves_nsm_api::api::{Request, Response};
use sha2::{Digest, Sha384};

use super::super::policy::{PCR_LEN, Pcr};
use super::{NsmError, unexpected};

/// The register that an engine on Nitro hardware extends with the hash of its access policy, and locks. The first that
/// AWS leaves to what runs in the enclave (0 to 15 are locked from the start).
pub const POLICY_PCR: u8 = 16;

/// What [`POLICY_PCR`] is under an access policy with this hash: extended once from zero.
pub fn policy_pcr(policy_hash: &[u8; 48]) -> Pcr {
    Sha384::new().chain_update([0; PCR_LEN]).chain_update(policy_hash).finalize().into()
}

/// Extends and locks the register through `process`, unless it has its value already.
pub(super) fn bind(policy_hash: &[u8; 48], process: impl Fn(Request) -> Response) -> Result<(), NsmError> {
    let index = u16::from(POLICY_PCR);
    let expected = policy_pcr(policy_hash);
    let (locked, value) = describe(index, &process)?;
    if !locked && value == [0; PCR_LEN] {
        match process(Request::ExtendPCR { index, data: policy_hash.to_vec() }) {
            Response::ExtendPCR { .. } => {}
            other => return Err(unexpected("to extend PCR16", other)),
        }
    }
    if !locked {
        match process(Request::LockPCR { index }) {
            Response::LockPCR => {}
            other => return Err(unexpected("to lock PCR16", other)),
        }
    }
    match describe(index, &process)? {
        (true, value) if value == expected => Ok(()),
        _ => Err(NsmError::PolicyRegister),
    }
}

/// Whether the register is locked, and its value.
fn describe(index: u16, process: impl Fn(Request) -> Response) -> Result<(bool, Vec<u8>), NsmError> {
    match process(Request::DescribePCR { index }) {
        Response::DescribePCR { lock, data } => Ok((lock, data)),
        other => Err(unexpected("to describe PCR16", other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_nitro_enclaves_nsm_api::api::ErrorCode;
    use std::cell::RefCell;

    /// A device with the one register, which extends and locks as the real one.
    struct Device(RefCell<(bool, Pcr)>);

    impl Device {
        fn new(locked: bool, value: Pcr) -> Self {
            Self(RefCell::new((locked, value)))
        }

        fn process(&self, request: Request) -> Response {
            let mut register = self.0.borrow_mut();
            match request {
                Request::DescribePCR { index: 16 } => {
                    Response::DescribePCR { lock: register.0, data: register.1.to_vec() }
                }
                Request::ExtendPCR { .. } | Request::LockPCR { .. } if register.0 => {
                    Response::Error(ErrorCode::ReadOnlyIndex)
                }
                Request::ExtendPCR { index: 16, data } => {
                    register.1 = Sha384::new().chain_update(register.1).chain_update(data).finalize().into();
                    Response::ExtendPCR { data: register.1.to_vec() }
                }
                Request::LockPCR { index: 16 } => {
                    register.0 = true;
                    Response::LockPCR
                }
                _ => Response::Error(ErrorCode::InvalidIndex),
            }
        }

        fn bind(&self, policy_hash: &[u8; 48]) -> Result<(), NsmError> {
            bind(policy_hash, |request| self.process(request))
        }
    }

    #[test]
    fn the_policy_is_extended_into_an_empty_register_and_locked() {
        let device = Device::new(false, [0; PCR_LEN]);
        device.bind(&[7; 48]).unwrap();
        assert_eq!(*device.0.borrow(), (true, policy_pcr(&[7; 48])));
    }

    #[test]
    fn an_engine_that_starts_again_finds_its_policy_there_and_no_other() {
        let device = Device::new(true, policy_pcr(&[7; 48]));
        device.bind(&[7; 48]).unwrap();
        assert!(matches!(device.bind(&[8; 48]), Err(NsmError::PolicyRegister)));
    }

    #[test]
    fn an_engine_that_died_before_it_locked_the_register_goes_on() {
        let device = Device::new(false, policy_pcr(&[7; 48]));
        device.bind(&[7; 48]).unwrap();
        assert!(device.0.borrow().0);
    }

    #[test]
    fn a_register_that_somebody_else_used_is_an_error() {
        for locked in [false, true] {
            let device = Device::new(locked, [1; PCR_LEN]);
            assert!(matches!(device.bind(&[7; 48]), Err(NsmError::PolicyRegister)), "locked: {locked}");
        }
    }

    #[test]
    fn a_device_that_refuses_is_named_with_its_reason() {
        let refuses = |_| Response::Error(ErrorCode::InvalidOperation);
        let error = bind(&[7; 48], refuses).unwrap_err();
        assert!(error.to_string().contains("InvalidOperation"), "{error}");
    }
}
