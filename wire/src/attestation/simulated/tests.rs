//! A simulated module, checked with the verifier.

use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::attestation::{AttestationError, Expected, PcrSet, TrustPolicy, VerifiedDocument, verify};

const START: u64 = 1_800_000_000_000;
const EXPECTED: Expected<'static> = Expected { nonce: b"nonce", public_key: &[7; 32], user_data: b"transcript" };

/// A module whose clock is the given cell, and the policy that trusts it.
fn module(time: &Arc<AtomicU64>) -> (SimulatedNsm, TrustPolicy) {
    let time = Arc::clone(time);
    let options = SimulatedOptions {
        pcrs: (0..3).map(|index| (index, [index + 1; 48])).collect(),
        module_id: "i-00000000000000000-enc0000000000000000".into(),
        clock: Arc::new(move || UnixMillis(time.load(Ordering::Relaxed))),
    };
    let nsm = SimulatedNsm::generate(options).unwrap();
    let trust = TrustPolicy {
        roots: vec![nsm.trusted_root()],
        pcr_sets: vec![PcrSet { name: "v1".into(), pcrs: nsm.pcrs().clone() }],
        max_age: Duration::from_secs(60),
        policy_hashes: Vec::new(),
    };
    (nsm, trust)
}

fn attest(nsm: &SimulatedNsm, trust: &TrustPolicy, now: u64) -> Result<VerifiedDocument, AttestationError> {
    let document = nsm.attest(EXPECTED.user_data, EXPECTED.nonce, EXPECTED.public_key).unwrap();
    verify(&document, &EXPECTED, trust, UnixMillis(now))
}

#[test]
fn its_documents_verify_under_its_root_and_say_that_they_are_simulated() {
    let time = Arc::new(AtomicU64::new(START));
    let (nsm, trust) = module(&time);
    let verified = attest(&nsm, &trust, START).unwrap();
    assert!(verified.simulated && nsm.is_simulated());
    assert_eq!(verified.pcrs.len(), usize::from(DOCUMENT_PCRS));
}

#[test]
fn its_documents_do_not_verify_under_another_modules_root_or_the_real_one() {
    let time = Arc::new(AtomicU64::new(START));
    let (nsm, trust) = module(&time);
    let (_, other) = module(&time);
    for roots in [other.roots, vec![TrustedRoot::AwsNitro]] {
        let refused = attest(&nsm, &TrustPolicy { roots, ..trust.clone() }, START);
        assert!(matches!(refused, Err(AttestationError::UntrustedRoot(_))));
    }
}

#[test]
fn it_renews_its_certificate_before_that_expires() {
    let time = Arc::new(AtomicU64::new(START));
    let (nsm, trust) = module(&time);
    for hours in [1, 3, 24] {
        let now = START + hours * 3_600_000;
        time.store(now, Ordering::Relaxed);
        attest(&nsm, &trust, now).unwrap();
    }
}

#[test]
fn it_refuses_what_the_device_would_refuse() {
    let time = Arc::new(AtomicU64::new(START));
    let (nsm, _) = module(&time);
    assert!(matches!(nsm.attest(&[0; 513], &[], &[7; 32]), Err(NsmError::TooLong { field: "user_data", .. })));
    assert!(matches!(nsm.attest(&[], &[0; 513], &[7; 32]), Err(NsmError::TooLong { field: "nonce", .. })));
    assert!(matches!(nsm.attest(&[], &[], &[0; 1025]), Err(NsmError::TooLong { field: "public_key", .. })));
}
