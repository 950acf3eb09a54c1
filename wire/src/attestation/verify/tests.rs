//! One refusal for each row of the checklist in `docs/protocol.md`.

use ciborium::Value;
use coset::{CborSerializable, HeaderBuilder, iana};

use super::super::simulated::forge::{Fields, Forge, NOW};
use super::*;
use crate::attestation::TrustedRoot;
use crate::test_random::TestRandom;

const HOUR: u64 = 3_600_000;

fn verify_now(forge: &Forge, document: &[u8]) -> Result<VerifiedDocument, AttestationError> {
    verify(document, &Forge::expected(), &forge.policy(), NOW)
}

/// Why the document that `change` makes of a valid one is refused.
fn refusal(change: impl FnOnce(&mut Forge)) -> AttestationError {
    let mut forge = Forge::new();
    change(&mut forge);
    verify_now(&forge, &forge.document()).unwrap_err()
}

/// The same for a change to the payload's fields.
fn field_refusal(change: impl FnOnce(&mut Fields)) -> AttestationError {
    let forge = Forge::new();
    verify_now(&forge, &forge.document_with(change)).unwrap_err()
}

#[test]
fn a_valid_document_is_accepted_tagged_or_not() {
    let forge = Forge::new();
    for document in [forge.document(), forge.tagged_document()] {
        let verified = verify_now(&forge, &document).unwrap();
        assert!(verified.simulated);
        assert_eq!(verified.pcr_set.as_deref(), Some("v1"));
        assert_eq!(verified.module_id, forge.module_id);
        assert_eq!(verified.pcrs, forge.pcrs);
    }
}

#[test]
fn row_1_a_document_over_the_size_cap_is_refused() {
    let forge = Forge::new();
    assert_eq!(verify_now(&forge, &vec![0; 16 * 1024 + 1]), Err(AttestationError::TooLarge(16 * 1024 + 1)));
}

#[test]
fn row_1_a_document_nested_too_deeply_is_refused() {
    let forge = Forge::new();
    assert_eq!(verify_now(&forge, &[0x81; 64]), Err(AttestationError::TooDeep));
}

#[test]
fn row_1_bytes_after_the_document_or_its_payload_are_refused() {
    let forge = Forge::new();
    let mut document = forge.document();
    document.push(0);
    assert_eq!(verify_now(&forge, &document), Err(AttestationError::TrailingBytes));
    let mut sign1 = forge.sign1(|_| {});
    sign1.payload.as_mut().unwrap().push(0);
    assert_eq!(verify_now(&forge, &sign1.to_vec().unwrap()), Err(AttestationError::TrailingBytes));
}

#[test]
fn row_1_a_field_or_register_that_stands_twice_is_refused() {
    assert_eq!(field_refusal(|fields| fields.add("digest", "SHA384")), AttestationError::DuplicateKey);
    let twice = |fields: &mut Fields| {
        let pcrs = fields.get("pcrs").as_map_mut().unwrap();
        pcrs.push(pcrs[0].clone());
    };
    assert_eq!(field_refusal(twice), AttestationError::DuplicateKey);
}

#[test]
fn row_2_another_algorithm_in_the_protected_header_is_refused() {
    let error = refusal(|forge| forge.algorithm = iana::Algorithm::ES256);
    assert_eq!(error, AttestationError::ProtectedHeader);
}

#[test]
fn row_2_more_in_the_protected_header_is_refused() {
    let forge = Forge::new();
    let mut sign1 = forge.sign1(|_| {});
    sign1.protected.original_data = None;
    sign1.protected.header.key_id = vec![1];
    assert_eq!(verify_now(&forge, &sign1.to_vec().unwrap()), Err(AttestationError::ProtectedHeader));
}

#[test]
fn row_2_an_unprotected_header_is_refused() {
    let error = refusal(|forge| forge.unprotected = HeaderBuilder::new().key_id(vec![1]).build());
    assert_eq!(error, AttestationError::UnprotectedHeader);
}

#[test]
fn row_2_a_signature_of_another_length_is_refused() {
    let forge = Forge::new();
    let mut sign1 = forge.sign1(|_| {});
    sign1.signature.push(0);
    assert_eq!(verify_now(&forge, &sign1.to_vec().unwrap()), Err(AttestationError::SignatureLength(97)));
}

#[test]
fn row_2_something_that_is_no_cose_sign1_is_refused() {
    let forge = Forge::new();
    assert!(matches!(verify_now(&forge, &[0x80]), Err(AttestationError::CoseStructure(_))));
}

#[test]
fn row_3_a_changed_byte_of_the_payload_is_refused() {
    let forge = Forge::new();
    let mut sign1 = forge.sign1(|_| {});
    // The timestamp's last byte: the payload stays well formed.
    let payload = sign1.payload.as_mut().unwrap();
    let name = payload.windows(9).position(|bytes| bytes == b"timestamp").unwrap();
    payload[name + 9 + 8] ^= 1;
    assert_eq!(verify_now(&forge, &sign1.to_vec().unwrap()), Err(AttestationError::Signature));
}

#[test]
fn row_3_a_signature_of_another_key_is_refused() {
    let forge = Forge::new();
    let mut sign1 = forge.sign1(|_| {});
    sign1.signature = Forge::new().sign1(|_| {}).signature;
    assert_eq!(verify_now(&forge, &sign1.to_vec().unwrap()), Err(AttestationError::Signature));
}

#[test]
fn row_4_a_missing_or_null_mandatory_field_is_refused() {
    for name in ["module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle"] {
        assert_eq!(field_refusal(|fields| fields.remove(name)), AttestationError::MissingField(name));
        assert_eq!(field_refusal(|fields| fields.set(name, Value::Null)), AttestationError::MissingField(name));
    }
}

#[test]
fn row_4_optional_fields_may_be_null_but_then_the_handshake_is_not_proven() {
    let forge = Forge::new();
    let nulls = |fields: &mut Fields| {
        for name in ["public_key", "user_data", "nonce"] {
            fields.set(name, Value::Null);
        }
    };
    let document = forge.document_with(nulls);
    verify_chain_only(&document, &forge.policy(), NOW).unwrap();
    assert_eq!(verify_now(&forge, &document), Err(AttestationError::Nonce));
}

#[test]
fn row_5_another_digest_is_refused() {
    assert_eq!(field_refusal(|fields| fields.set("digest", "SHA256")), AttestationError::Digest);
}

#[test]
fn row_5_a_register_beyond_31_or_of_another_length_is_refused() {
    let add = |index: u64, length: usize| {
        move |fields: &mut Fields| {
            let pcr = (Value::from(index), Value::Bytes(vec![1; length]));
            fields.get("pcrs").as_map_mut().unwrap().push(pcr);
        }
    };
    assert_eq!(field_refusal(add(32, 48)), AttestationError::PcrIndex(32));
    assert_eq!(field_refusal(add(300, 48)), AttestationError::PcrIndex(300));
    assert_eq!(field_refusal(add(31, 32)), AttestationError::PcrLength(31));
}

#[test]
fn row_6_an_empty_or_huge_certificate_bundle_is_refused() {
    let bundle =
        |count| move |fields: &mut Fields| fields.set("cabundle", Value::Array(vec![Value::Bytes(vec![1]); count]));
    assert_eq!(field_refusal(bundle(0)), AttestationError::CaBundleLength(0));
    assert_eq!(field_refusal(bundle(9)), AttestationError::CaBundleLength(9));
}

#[test]
fn row_6_an_empty_or_huge_certificate_is_refused() {
    for length in [0, 1025] {
        let error = field_refusal(|fields| fields.set("certificate", Value::Bytes(vec![0; length])));
        assert_eq!(error, AttestationError::CertificateSize(length));
    }
}

#[test]
fn row_6_a_root_that_is_not_pinned_is_refused() {
    let forge = Forge::new();
    for roots in [vec![], vec![TrustedRoot::AwsNitro], Forge::new().policy().roots] {
        let policy = TrustPolicy { roots, ..forge.policy() };
        let refused = verify(&forge.document(), &Forge::expected(), &policy, NOW).unwrap_err();
        assert!(matches!(refused, AttestationError::UntrustedRoot(_)), "{refused}");
    }
}

#[test]
fn row_7_a_certificate_that_does_not_name_its_issuer_is_refused() {
    assert_eq!(refusal(|forge| forge.change_leaf(|leaf| leaf.issued_by("other"))), AttestationError::Issuer(2));
}

#[test]
fn row_7_a_certificate_that_its_issuer_did_not_sign_is_refused() {
    let forge = Forge::new();
    let other = Forge::new();
    let foreign = other.sign1(|_| {}).payload.unwrap();
    let Ok(Value::Map(entries)) = ciborium::from_reader(foreign.as_slice()) else { panic!("a map") };
    let mut foreign = Fields(entries);
    let document = forge.document_with(|fields| fields.set("certificate", foreign.get("certificate").clone()));
    assert_eq!(verify_now(&forge, &document), Err(AttestationError::CertificateSignature(2)));
}

#[test]
fn row_7_something_that_is_no_certificate_is_refused() {
    let error = field_refusal(|fields| fields.set("certificate", Value::Bytes(vec![0x30; 100])));
    assert!(matches!(error, AttestationError::Certificate(_)));
}

#[test]
fn row_7_an_issuer_that_is_no_authority_and_a_leaf_that_is_one_are_refused() {
    let constraints = AttestationError::BasicConstraints;
    assert_eq!(refusal(|forge| forge.change_issuer(|issuer| issuer.authority(false))), constraints(1));
    assert_eq!(refusal(|forge| forge.change_issuer(|issuer| issuer.without_constraints())), constraints(1));
    assert_eq!(refusal(|forge| forge.change_leaf(|leaf| leaf.authority(true))), constraints(2));
}

#[test]
fn row_7_more_authorities_than_the_path_length_allows_are_refused() {
    // The issuer allows no authority below itself; here stands one.
    let forge = Forge::new();
    let longer = forge.document_with(|fields| {
        let bundle = fields.get("cabundle").as_array_mut().unwrap();
        bundle.push(bundle[1].clone());
    });
    assert_eq!(verify_now(&forge, &longer), Err(AttestationError::PathLength(1)));
}

#[test]
fn row_8_a_key_used_for_what_it_may_not_be_used_for_is_refused() {
    let usage = AttestationError::KeyUsage;
    let leaf_usage = |forge: &mut Forge| forge.change_issuer(|issuer| issuer.usage_of(&Forge::new()));
    assert_eq!(refusal(leaf_usage), usage(1));
    assert_eq!(refusal(|forge| forge.change_issuer(|issuer| issuer.without_usage())), usage(1));
    assert_eq!(refusal(|forge| forge.change_leaf(|leaf| leaf.without_usage())), usage(2));
}

#[test]
fn row_9_a_certificate_outside_its_validity_is_refused() {
    let valid = |from, until| {
        move |forge: &mut Forge| forge.change_leaf(|leaf| leaf.valid(UnixMillis(from), UnixMillis(until)))
    };
    assert_eq!(refusal(valid(NOW.0 + HOUR, NOW.0 + 2 * HOUR)), AttestationError::NotYetValid(2));
    assert_eq!(refusal(valid(NOW.0 - 2 * HOUR, NOW.0 - HOUR)), AttestationError::Expired(2));
}

#[test]
fn row_9_a_clock_a_little_behind_the_certificate_is_allowed() {
    let mut forge = Forge::new();
    forge.change_leaf(|leaf| leaf.valid(UnixMillis(NOW.0 + 200_000), UnixMillis(NOW.0 + HOUR)));
    verify_now(&forge, &forge.document()).unwrap();
}

#[test]
fn row_10_an_old_document_and_one_from_the_future_are_refused() {
    let at = |timestamp| move |forge: &mut Forge| forge.timestamp = UnixMillis(timestamp);
    assert_eq!(refusal(at(NOW.0 - 61_000)), AttestationError::Stale(61));
    assert_eq!(refusal(at(NOW.0 + 301_000)), AttestationError::FromTheFuture(301));
    let forge = Forge::new();
    let later = UnixMillis(NOW.0 + 61_000);
    assert_eq!(verify(&forge.document(), &Forge::expected(), &forge.policy(), later), Err(AttestationError::Stale(61)));
}

#[test]
fn row_11_another_nonce_is_refused() {
    let error = field_refusal(|fields| fields.set("nonce", Value::Bytes(b"Nonce".to_vec())));
    assert_eq!(error, AttestationError::Nonce);
}

#[test]
fn row_12_a_debug_enclave_is_refused_though_its_other_registers_are_not_zero() {
    for index in 0..3 {
        let error = refusal(|forge| {
            forge.pcrs.insert(index, [0; 48]);
        });
        assert_eq!(error, AttestationError::Debug(index));
    }
}

#[test]
fn row_12_a_debug_enclave_is_refused_even_by_a_policy_that_names_zeros() {
    let mut forge = Forge::new();
    forge.pcrs.extend((0..3).map(|index| (index, [0; 48])));
    let mut policy = forge.policy();
    policy.pcr_sets[0].pcrs = (0..3).map(|index| (index, [0; 48])).collect();
    let refused = verify(&forge.document(), &Forge::expected(), &policy, NOW);
    assert_eq!(refused, Err(AttestationError::Debug(0)));
}

#[test]
fn row_12_an_image_that_the_policy_does_not_name_is_refused() {
    let error = refusal(|forge| {
        forge.pcrs.insert(2, [9; 48]);
    });
    assert!(matches!(error, AttestationError::UnknownImage(_)));
}

#[test]
fn row_12_an_empty_policy_accepts_nothing() {
    let forge = Forge::new();
    let policy = TrustPolicy { pcr_sets: Vec::new(), ..forge.policy() };
    let refused = verify(&forge.document(), &Forge::expected(), &policy, NOW);
    assert_eq!(refused, Err(AttestationError::EmptyPolicy));
}

#[test]
fn row_12_a_policy_without_one_of_the_three_image_registers_accepts_nothing() {
    let forge = Forge::new();
    let mut policy = forge.policy();
    policy.pcr_sets[0].pcrs.remove(&1);
    let refused = verify(&forge.document(), &Forge::expected(), &policy, NOW);
    assert_eq!(refused, Err(AttestationError::IncompletePcrSet("v1".into())));
}

#[test]
fn row_12_one_of_several_accepted_images_is_enough_and_the_signer_may_be_required() {
    let mut forge = Forge::new();
    let mut policy = forge.policy();
    let mut signed = policy.pcr_sets[0].clone();
    signed.name = "signed".into();
    signed.pcrs.insert(8, [8; 48]);
    policy.pcr_sets = vec![PcrSet { name: "old".into(), pcrs: (0..3).map(|i| (i, [9; 48])).collect() }, signed];
    let check = |forge: &Forge| verify(&forge.document(), &Forge::expected(), &policy, NOW);
    assert!(matches!(check(&forge), Err(AttestationError::UnknownImage(_))));
    forge.pcrs.insert(8, [8; 48]);
    assert_eq!(check(&forge).unwrap().pcr_set.as_deref(), Some("signed"));
}

#[test]
fn row_13_a_module_id_of_another_instance_is_refused() {
    assert_eq!(refusal(|forge| forge.module_id = "i-0fff-enc1".into()), AttestationError::Pcr4);
    let unmeasured = |forge: &mut Forge| forge.pcrs.retain(|index, _| *index != 4);
    assert_eq!(refusal(unmeasured), AttestationError::Pcr4);
}

#[test]
fn row_14_user_data_that_is_too_long_or_not_the_transcript_is_refused() {
    let set = |bytes: &[u8]| field_refusal(|fields| fields.set("user_data", Value::Bytes(bytes.to_vec())));
    assert_eq!(set(&[0; 513]), AttestationError::UserDataLength(513));
    assert_eq!(set(b"another transcript"), AttestationError::UserData);
    assert_eq!(set(b""), AttestationError::UserData);
}

#[test]
fn row_15_a_public_key_of_another_type_or_of_somebody_else_is_refused() {
    let set = |bytes: &[u8]| field_refusal(|fields| fields.set("public_key", Value::Bytes(bytes.to_vec())));
    assert_eq!(set(b""), AttestationError::PublicKeyType);
    assert_eq!(set(&[7; 1025]), AttestationError::PublicKeyType);
    assert_eq!(set(&[7; 33]), AttestationError::PublicKeyType);
    assert_eq!(set(&[8; 32]), AttestationError::PublicKey);
    assert_eq!(field_refusal(|fields| fields.remove("public_key")), AttestationError::PublicKeyType);
}

#[test]
fn row_16_documents_of_other_products_are_refused() {
    let tpm = |fields: &mut Fields| {
        let pcrs = fields.get("pcrs").clone();
        fields.remove("pcrs");
        fields.add("nitrotpm_pcrs", pcrs);
    };
    assert!(matches!(field_refusal(tpm), AttestationError::OtherProduct(_)));
    assert!(matches!(field_refusal(|fields| fields.add("more", 1)), AttestationError::OtherProduct(_)));
    let other_module = refusal(|forge| forge.module_id = "i-0123456789abcdef0-tpm0123".into());
    assert!(matches!(other_module, AttestationError::OtherProduct(_)));
}

#[test]
fn hostile_bytes_are_refused_without_a_panic() {
    let forge = Forge::new();
    let valid = forge.document();
    let mut random = TestRandom::new(1);
    for _ in 0..400 {
        let mutated = random.mutate(&valid);
        if mutated != valid {
            verify_now(&forge, &mutated).unwrap_err();
        }
        let _ = verify_now(&forge, &random.bytes(300));
    }
}
