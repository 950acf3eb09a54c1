//! The check of an attestation document, row by row.

use std::collections::BTreeMap;

use sha2::{Digest, Sha384};

use super::chain::{CLOCK_ALLOWANCE, verify_chain};
use super::cose::Envelope;
use super::document::{AttestationDocument, UnverifiedDocument, instance_id};
use super::error::AttestationError;
use super::policy::{PCR_LEN, Pcr, PcrSet, TrustPolicy};
use crate::UnixMillis;

/// Bytes of the session's public key (X25519).
const SESSION_KEY_LEN: usize = 32;
/// The registers that measure an enclave image: all of it, its kernel, its application.
const IMAGE_PCRS: [u8; 3] = [0, 1, 2];
/// The register of the parent instance's id.
const INSTANCE_PCR: u8 = 4;

/// What the document of one handshake must contain.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The nonce that the client sent.
    pub nonce: &'a [u8],
    /// The public key that the engine sent.
    pub public_key: &'a [u8],
    /// The hash of the messages.
    pub user_data: &'a [u8],
}

/// What a document proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedDocument {
    /// Which NSM issued it.
    pub module_id: String,
    /// When.
    pub timestamp: UnixMillis,
    /// The locked registers.
    pub pcrs: BTreeMap<u8, Pcr>,
    /// Whether the chain ends at a simulated root: then nothing is proven about hardware.
    pub simulated: bool,
    /// The accepted image that it matches; none after [`verify_chain_only`].
    pub pcr_set: Option<String>,
}

/// Checks every row of the checklist in `docs/protocol.md`.
///
/// # Errors
/// The first row that the document fails.
pub fn verify(
    document: &[u8],
    expected: &Expected<'_>,
    trust: &TrustPolicy,
    now: UnixMillis,
) -> Result<VerifiedDocument, AttestationError> {
    let (content, simulated) = verify_signature(document, trust, now)?;
    check_age(content.timestamp, trust, now)?;
    check_handshake(&content, expected)?;
    let set = accepted_image(&content, trust)?.to_owned();
    check_instance(&content)?;
    Ok(VerifiedDocument::new(content, simulated, Some(set)))
}

/// Checks form, signature, chain and times, but neither image nor handshake: for looking at a document.
///
/// # Errors
/// The first row that the document fails.
pub fn verify_chain_only(
    document: &[u8],
    trust: &TrustPolicy,
    now: UnixMillis,
) -> Result<VerifiedDocument, AttestationError> {
    let (content, simulated) = verify_signature(document, trust, now)?;
    check_age(content.timestamp, trust, now)?;
    check_instance(&content)?;
    Ok(VerifiedDocument::new(content, simulated, None))
}

impl VerifiedDocument {
    pub(super) fn new(content: AttestationDocument, simulated: bool, pcr_set: Option<String>) -> Self {
        let AttestationDocument { module_id, timestamp, pcrs, .. } = content;
        Self { module_id, timestamp, pcrs, simulated, pcr_set }
    }
}

/// Rows 1 to 9 and 16.
fn verify_signature(
    document: &[u8],
    trust: &TrustPolicy,
    now: UnixMillis,
) -> Result<(AttestationDocument, bool), AttestationError> {
    let envelope = Envelope::parse(document)?;
    let unverified = UnverifiedDocument::parse(envelope.payload())?;
    let chain = verify_chain(&unverified.cabundle, &unverified.certificate, &trust.roots, now)?;
    envelope.verify(&chain.key)?;
    Ok((unverified.content, chain.simulated))
}

/// Row 10.
pub(super) fn check_age(timestamp: UnixMillis, trust: &TrustPolicy, now: UnixMillis) -> Result<(), AttestationError> {
    if timestamp.saturating_add(trust.max_age) < now {
        return Err(AttestationError::Stale(now.0.saturating_sub(timestamp.0) / 1000));
    }
    if timestamp > now.saturating_add(CLOCK_ALLOWANCE) {
        return Err(AttestationError::FromTheFuture(timestamp.0.saturating_sub(now.0) / 1000));
    }
    Ok(())
}

/// Rows 11, 14 and 15.
pub(super) fn check_handshake(content: &AttestationDocument, expected: &Expected<'_>) -> Result<(), AttestationError> {
    if content.nonce.as_deref() != Some(expected.nonce) {
        return Err(AttestationError::Nonce);
    }
    if content.user_data.as_deref() != Some(expected.user_data) {
        return Err(AttestationError::UserData);
    }
    match content.public_key.as_deref() {
        Some(key) if key.len() != SESSION_KEY_LEN => Err(AttestationError::PublicKeyType),
        Some(key) if key != expected.public_key => Err(AttestationError::PublicKey),
        Some(_) => Ok(()),
        None => Err(AttestationError::PublicKeyType),
    }
}

/// Row 12: the name of the accepted image whose registers the document has.
pub(super) fn accepted_image<'a>(
    content: &AttestationDocument,
    trust: &'a TrustPolicy,
) -> Result<&'a str, AttestationError> {
    if trust.pcr_sets.is_empty() {
        return Err(AttestationError::EmptyPolicy);
    }
    if let Some(set) = trust.pcr_sets.iter().find(|set| !IMAGE_PCRS.iter().all(|pcr| set.pcrs.contains_key(pcr))) {
        return Err(AttestationError::IncompletePcrSet(set.name.clone()));
    }
    for index in IMAGE_PCRS {
        match content.pcrs.get(&index) {
            None => return Err(AttestationError::MissingField("PCR0, PCR1 or PCR2")),
            Some(pcr) if pcr == &[0; PCR_LEN] => return Err(AttestationError::Debug(index)),
            Some(_) => {}
        }
    }
    let matches = |set: &&PcrSet| set.pcrs.iter().all(|(index, pcr)| content.pcrs.get(index) == Some(pcr));
    let pcr0 = content.pcrs.get(&0).map(hex::encode).unwrap_or_default();
    trust.pcr_sets.iter().find(matches).map(|set| set.name.as_str()).ok_or(AttestationError::UnknownImage(pcr0))
}

/// Row 13: PCR4 measures the id of the instance that `module_id` names.
pub(super) fn check_instance(content: &AttestationDocument) -> Result<(), AttestationError> {
    let instance = instance_id(&content.module_id).ok_or(AttestationError::Pcr4)?;
    match content.pcrs.get(&INSTANCE_PCR) == Some(&instance_pcr(instance)) {
        true => Ok(()),
        false => Err(AttestationError::Pcr4),
    }
}

/// What PCR4 is on an instance with this id: SHA-384 over 48 zero bytes and the id.
pub(super) fn instance_pcr(instance: &str) -> Pcr {
    Sha384::new().chain_update([0; PCR_LEN]).chain_update(instance).finalize().into()
}

#[cfg(test)]
mod chain_tests;
#[cfg(test)]
mod real_documents;
#[cfg(test)]
mod tests;
