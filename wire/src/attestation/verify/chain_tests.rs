//! Certificates and documents that are wrong in less obvious ways: what libraries let through.

use ciborium::Value;
use coset::CborSerializable;
use x509_cert::der::Encode;
use x509_cert::der::asn1::{ObjectIdentifier, OctetString};
use x509_cert::der::oid::AssociatedOid;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsages};

use super::super::simulated::forge::{Fields, Forge, NOW};
use super::*;
use crate::test_random::TestRandom;

const LEAF: usize = 2;

fn check(forge: &Forge, document: &[u8]) -> Result<VerifiedDocument, AttestationError> {
    verify(document, &Forge::expected(), &forge.policy(), NOW)
}

fn after(change: impl FnOnce(&mut Forge)) -> Result<VerifiedDocument, AttestationError> {
    let mut forge = Forge::new();
    change(&mut forge);
    check(&forge, &forge.document())
}

fn constraints(critical: bool, ca: bool) -> Extension {
    let der = BasicConstraints { ca, path_len_constraint: None }.to_der().unwrap();
    Extension { extn_id: BasicConstraints::OID, critical, extn_value: OctetString::new(der).unwrap() }
}

fn unknown(critical: bool) -> Extension {
    let extn_id = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.99999.1");
    Extension { extn_id, critical, extn_value: OctetString::new(vec![5, 0]).unwrap() }
}

/// The bytes of the field that holds the leaf's certificate.
fn leaf_der(fields: &mut Fields) -> &mut Vec<u8> {
    fields.get("certificate").as_bytes_mut().unwrap()
}

/// A document whose leaf certificate has every occurrence of some bytes replaced.
fn with_leaf_bytes(from: &[u8], to: &[u8]) -> Result<VerifiedDocument, AttestationError> {
    let forge = Forge::new();
    let document = forge.document_with(|fields| {
        let der = leaf_der(fields);
        let places: Vec<_> = (0..der.len() - from.len()).filter(|&at| der[at..].starts_with(from)).collect();
        assert!(!places.is_empty());
        places.into_iter().for_each(|at| der[at..at + to.len()].copy_from_slice(to));
    });
    check(&forge, &document)
}

#[test]
fn row_3_the_signature_is_checked_over_the_bytes_as_received() {
    // The payload's map in CBOR's indefinite form, unsigned: who re-encoded it would check other bytes.
    let forge = Forge::new();
    let mut sign1 = forge.sign1(|_| {});
    let payload = sign1.payload.as_mut().unwrap();
    assert_eq!(payload[0], 0xa9);
    payload[0] = 0xbf;
    payload.push(0xff);
    assert_eq!(check(&forge, &sign1.to_vec().unwrap()), Err(AttestationError::Signature));
}

#[test]
fn row_7_a_certificate_signed_with_another_hash_is_refused() {
    // ecdsa-with-SHA384 and, by its last arc, ecdsa-with-SHA256.
    let prefix = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03];
    let refused = with_leaf_bytes(&[&prefix[..], &[0x03]].concat(), &[&prefix[..], &[0x02]].concat());
    assert_eq!(refused, Err(AttestationError::Algorithm));
}

#[test]
fn row_7_a_key_on_another_curve_is_refused() {
    let refused = with_leaf_bytes(&[0x2b, 0x81, 0x04, 0x00, 0x22], &[0x2b, 0x81, 0x04, 0x00, 0x23]);
    assert_eq!(refused, Err(AttestationError::Algorithm));
}

#[test]
fn row_7_bytes_after_a_certificate_are_refused() {
    let forge = Forge::new();
    let document = forge.document_with(|fields| leaf_der(fields).push(0));
    assert!(matches!(check(&forge, &document), Err(AttestationError::Certificate(_))));
}

#[test]
fn row_7_an_authority_whose_constraints_are_not_critical_is_refused() {
    let refused = after(|forge| {
        forge.change_issuer(|issuer| {
            issuer.without_constraints();
            issuer.with_extension(constraints(false, true));
        });
    });
    assert_eq!(refused, Err(AttestationError::BasicConstraints(1)));
}

#[test]
fn row_7_constraints_that_stand_twice_are_refused() {
    let refused = after(|forge| forge.change_issuer(|issuer| issuer.with_extension(constraints(true, true))));
    assert_eq!(refused, Err(AttestationError::BasicConstraints(1)));
}

#[test]
fn row_7_a_critical_extension_that_is_not_known_is_refused() {
    let refused = after(|forge| forge.change_issuer(|issuer| issuer.with_extension(unknown(true))));
    assert!(matches!(refused, Err(AttestationError::Certificate(_))));
    after(|forge| forge.change_issuer(|issuer| issuer.with_extension(unknown(false)))).unwrap();
}

#[test]
fn row_8_a_leaf_that_may_sign_certificates_is_refused() {
    let both = KeyUsages::DigitalSignature | KeyUsages::KeyCertSign;
    let refused = after(|forge| forge.change_leaf(|leaf| leaf.usage(both)));
    assert_eq!(refused, Err(AttestationError::KeyUsage(LEAF)));
}

#[test]
fn row_8_a_leaf_that_may_only_agree_on_keys_is_refused() {
    let refused = after(|forge| forge.change_leaf(|leaf| leaf.usage(KeyUsages::KeyAgreement)));
    assert_eq!(refused, Err(AttestationError::KeyUsage(LEAF)));
}

#[test]
fn row_11_a_nonce_longer_than_the_module_takes_is_refused() {
    let forge = Forge::new();
    let document = forge.document_with(|fields| fields.set("nonce", Value::Bytes(vec![1; 513])));
    assert_eq!(verify_chain_only(&document, &forge.policy(), NOW), Err(AttestationError::Nonce));
}

#[test]
fn row_12_registers_of_two_accepted_images_do_not_mix() {
    let mut forge = Forge::new();
    forge.pcrs.insert(1, [99; PCR_LEN]);
    let mut policy = forge.policy();
    let next = PcrSet { name: "next".into(), pcrs: (0..3).map(|index| (index, [99; PCR_LEN])).collect() };
    policy.pcr_sets.push(next);
    let refused = verify(&forge.document(), &Forge::expected(), &policy, NOW);
    assert!(matches!(refused, Err(AttestationError::UnknownImage(_))));
}

#[test]
fn row_13_looking_at_a_document_checks_the_instance_too() {
    let mut forge = Forge::new();
    forge.pcrs.insert(4, [0; PCR_LEN]);
    assert_eq!(verify_chain_only(&forge.document(), &forge.policy(), NOW), Err(AttestationError::Pcr4));
}

#[test]
fn row_16_a_module_id_that_is_not_that_of_an_enclave_is_refused_even_when_only_looked_at() {
    for module_id in
        ["", "i-1", "i--enc1", "i-1-enc", "x-1-enc1", "i-1-tpm1", "i-1-encg", "i-1/2-enc1", "i-1-enc1-enc1"]
    {
        let mut forge = Forge::new();
        forge.module_id = module_id.into();
        let refused = verify_chain_only(&forge.document(), &forge.policy(), NOW);
        assert!(matches!(refused, Err(AttestationError::OtherProduct(_))), "{module_id}: {refused:?}");
    }
}

#[test]
fn row_16_even_an_empty_field_of_nitro_tpm_is_refused() {
    let forge = Forge::new();
    let document = forge.document_with(|fields| fields.add("nitrotpm_pcrs", Value::Null));
    assert!(matches!(check(&forge, &document), Err(AttestationError::OtherProduct(_))));
}

#[test]
fn hostile_certificates_never_panic() {
    let forge = Forge::new();
    let mut genuine = Vec::new();
    forge.document_with(|fields| genuine.clone_from(leaf_der(fields)));
    let roots = forge.policy().roots;
    let Some(crate::attestation::TrustedRoot::Simulated(root)) = roots.first() else { panic!("a simulated root") };
    let mut random = TestRandom::new(6);
    for _ in 0..200 {
        let _ = verify_chain(std::slice::from_ref(root), &random.mutate(&genuine), &roots, NOW);
    }
}
