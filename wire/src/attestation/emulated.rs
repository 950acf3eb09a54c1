//! Documents of the NSM that QEMU emulates (`-M nitro-enclave`): the fields of real ones, signed by nobody.
//!
//! Compiled only with the feature `emulated-nsm`, for tests that boot an enclave image without Nitro hardware.

use ciborium::Value;

use super::cose::read_value;
use super::document::{MAX_DOCUMENT_BYTES, UnverifiedDocument};
use super::error::AttestationError;
use super::policy::TrustPolicy;
use super::verify::{Expected, VerifiedDocument, accepted_image, check_age, check_handshake, check_instance};
use crate::UnixMillis;

/// The protected header `{1: -1}`: an algorithm that does not exist.
const NO_ALGORITHM: [u8; 3] = [0xa1, 0x01, 0x20];
/// What stands in place of a signature.
const NO_SIGNATURE: [u8; 64] = [0; 64];

/// As [`verify`](super::verify()), but for rows 2, 3 and 6 to 9: the document must be one that nobody has signed.
///
/// # Errors
/// The first row that the document fails; row 2 for any that is signed.
pub(crate) fn verify_unsigned(
    document: &[u8],
    expected: &Expected<'_>,
    trust: &TrustPolicy,
    now: UnixMillis,
) -> Result<VerifiedDocument, AttestationError> {
    let content = UnverifiedDocument::parse(&unsigned_payload(document)?)?.content;
    check_age(content.timestamp, trust, now)?;
    check_handshake(&content, expected)?;
    let set = accepted_image(&content, trust)?.to_owned();
    check_instance(&content)?;
    Ok(VerifiedDocument::new(content, true, Some(set)))
}

fn unsigned_payload(document: &[u8]) -> Result<Vec<u8>, AttestationError> {
    if document.len() > MAX_DOCUMENT_BYTES {
        return Err(AttestationError::TooLarge(document.len()));
    }
    let malformed = AttestationError::CoseStructure("it is not that of an emulated NSM");
    let parts = read_value(document)?.into_array().map_err(|_| malformed.clone())?;
    let [Value::Bytes(protected), Value::Map(unprotected), Value::Bytes(payload), Value::Bytes(signature)] =
        <[Value; 4]>::try_from(parts).map_err(|_| malformed.clone())?
    else {
        return Err(malformed);
    };
    if protected != NO_ALGORITHM || !unprotected.is_empty() || signature != NO_SIGNATURE {
        return Err(AttestationError::ProtectedHeader);
    }
    Ok(payload)
}

#[cfg(test)]
mod tests {
    use super::super::simulated::forge::{Fields, Forge, NOW};
    use super::super::verify;
    use super::*;

    /// A document as the emulated module writes it, with a change to its fields.
    fn document(forge: &Forge, change: impl FnOnce(&mut Fields)) -> Vec<u8> {
        let payload = forge.sign1(change).payload.unwrap();
        let parts = vec![
            Value::Bytes(NO_ALGORITHM.to_vec()),
            Value::Map(Vec::new()),
            Value::Bytes(payload),
            Value::Bytes(NO_SIGNATURE.to_vec()),
        ];
        let mut bytes = Vec::new();
        ciborium::into_writer(&Value::Array(parts), &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn an_unsigned_document_is_refused_by_the_verifier_and_taken_here_as_simulated() {
        let forge = Forge::new();
        let document = document(&forge, |_| {});
        let refused = verify(&document, &Forge::expected(), &forge.policy(), NOW);
        assert!(matches!(refused, Err(AttestationError::CoseStructure(_))), "{refused:?}");
        let taken = verify_unsigned(&document, &Forge::expected(), &forge.policy(), NOW).unwrap();
        assert!(taken.simulated);
        assert_eq!(taken.pcrs, forge.pcrs);
    }

    #[test]
    fn a_signed_document_is_none_of_an_emulated_module() {
        let forge = Forge::new();
        let refused = verify_unsigned(&forge.document(), &Forge::expected(), &forge.policy(), NOW);
        assert_eq!(refused, Err(AttestationError::ProtectedHeader));
    }

    #[test]
    fn handshake_and_image_are_checked_as_ever() {
        let forge = Forge::new();
        let other_nonce = Expected { nonce: b"other", ..Forge::expected() };
        let document = document(&forge, |_| {});
        assert_eq!(verify_unsigned(&document, &other_nonce, &forge.policy(), NOW), Err(AttestationError::Nonce));
        let mut policy = forge.policy();
        policy.pcr_sets[0].pcrs.insert(0, [9; 48]);
        let refused = verify_unsigned(&document, &Forge::expected(), &policy, NOW);
        assert!(matches!(refused, Err(AttestationError::UnknownImage(_))), "{refused:?}");
    }
}
