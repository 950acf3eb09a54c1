//! The envelope of an attestation document: COSE_Sign1 (RFC 9052) with ES384, in the one form that the NSM writes.

use ciborium::Value;
use coset::{AsCborValue, CoseSign1, HeaderBuilder, iana};
use p384::ecdsa::signature::Verifier;
use p384::ecdsa::{Signature, VerifyingKey};

use super::document::MAX_DOCUMENT_BYTES;
use super::error::AttestationError;

/// Deepest nesting of CBOR: an envelope holds maps of maps of bytes, no more.
const MAX_DEPTH: usize = 8;
/// Tag of COSE_Sign1 (RFC 9052 section 2); AWS's documents come without it.
const COSE_SIGN1_TAG: u64 = 18;
/// Bytes of an ECDSA signature on P-384 as COSE writes it: r and s.
const SIGNATURE_LEN: usize = 96;

/// A signed envelope whose signature is not yet checked.
pub(super) struct Envelope {
    sign1: CoseSign1,
    payload: Vec<u8>,
    signature: Signature,
}

impl Envelope {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, AttestationError> {
        if bytes.len() > MAX_DOCUMENT_BYTES {
            return Err(AttestationError::TooLarge(bytes.len()));
        }
        let value = match read_value(bytes)? {
            Value::Tag(COSE_SIGN1_TAG, inner) => *inner,
            other => other,
        };
        let mut sign1 = CoseSign1::from_cbor_value(value)
            .map_err(|_| AttestationError::CoseStructure("it is not an array of headers, payload and signature"))?;
        let es384 = HeaderBuilder::new().algorithm(iana::Algorithm::ES384).build();
        if sign1.protected.header != es384 {
            return Err(AttestationError::ProtectedHeader);
        }
        if !sign1.unprotected.is_empty() {
            return Err(AttestationError::UnprotectedHeader);
        }
        if sign1.signature.len() != SIGNATURE_LEN {
            return Err(AttestationError::SignatureLength(sign1.signature.len()));
        }
        let signature = Signature::from_slice(&sign1.signature).map_err(|_| AttestationError::Signature)?;
        let payload = sign1.payload.take().ok_or(AttestationError::CoseStructure("the payload is missing"))?;
        Ok(Self { sign1, payload, signature })
    }

    /// The bytes that were signed as the document.
    pub(super) fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Checks the signature over the protected header and the payload exactly as they were received.
    pub(super) fn verify(&self, key: &VerifyingKey) -> Result<(), AttestationError> {
        let signed = coset::sig_structure_data(
            coset::SignatureContext::CoseSign1,
            self.sign1.protected.clone(),
            None,
            &[],
            &self.payload,
        );
        key.verify(&signed, &self.signature).map_err(|_| AttestationError::Signature)
    }
}

/// One CBOR item, with nothing after it, not too deep, and without a key that stands twice in a map.
pub(super) fn read_value(bytes: &[u8]) -> Result<Value, AttestationError> {
    let mut rest = bytes;
    let value: Value =
        ciborium::de::from_reader_with_recursion_limit(&mut rest, MAX_DEPTH).map_err(|error| match error {
            ciborium::de::Error::RecursionLimitExceeded => AttestationError::TooDeep,
            _ => AttestationError::Cbor("it can't be parsed"),
        })?;
    if !rest.is_empty() {
        return Err(AttestationError::TrailingBytes);
    }
    refuse_duplicate_keys(&value)?;
    Ok(value)
}

fn refuse_duplicate_keys(value: &Value) -> Result<(), AttestationError> {
    match value {
        Value::Map(entries) => {
            for (index, (key, inner)) in entries.iter().enumerate() {
                // Quadratic, over a document of at most 16 KiB.
                if entries.iter().take(index).any(|(earlier, _)| earlier == key) {
                    return Err(AttestationError::DuplicateKey);
                }
                refuse_duplicate_keys(key)?;
                refuse_duplicate_keys(inner)?;
            }
            Ok(())
        }
        Value::Array(items) => items.iter().try_for_each(refuse_duplicate_keys),
        Value::Tag(_, inner) => refuse_duplicate_keys(inner),
        _ => Ok(()),
    }
}
