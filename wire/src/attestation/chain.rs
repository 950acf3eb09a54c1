//! The chain of certificates of an attestation document: root, regional, zonal, instance, and the NSM's own.
//!
//! Every certificate has ECDSA on P-384 with SHA-384; anything else is refused before its signature is looked at.

use std::time::Duration;

use p384::ecdsa::signature::Verifier;
use p384::ecdsa::{DerSignature, VerifyingKey};
use sha2::{Digest, Sha256};
use x509_cert::Certificate;
use x509_cert::certificate::Version;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::oid::AssociatedOid;
use x509_cert::der::referenced::OwnedToRef;
use x509_cert::der::{Decode, Reader, SliceReader};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, CrlDistributionPoints, KeyUsage, SubjectKeyIdentifier,
};
use x509_cert::spki::AlgorithmIdentifierRef;

use super::error::AttestationError;
use super::policy::TrustedRoot;
use crate::UnixMillis;

/// SHA-256 of the DER form of the root of AWS Nitro Enclaves ("aws.nitro-enclaves", valid 2019 to 2049).
pub(super) const AWS_ROOT_SHA256: [u8; 32] = [
    0x64, 0x1a, 0x03, 0x21, 0xa3, 0xe2, 0x44, 0xef, 0xe4, 0x56, 0x46, 0x31, 0x95, 0xd6, 0x06, 0x31, 0x7e, 0xd7, 0xcd,
    0xcc, 0x3c, 0x17, 0x56, 0xe0, 0x98, 0x93, 0xf3, 0xc6, 0x8f, 0x79, 0xbb, 0x5b,
];
/// How far the clocks of the parties may be apart.
pub(super) const CLOCK_ALLOWANCE: Duration = Duration::from_secs(300);

const MAX_CABUNDLE: usize = 8;
const MAX_CERTIFICATE: usize = 1024;
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const ECDSA_WITH_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");

/// What a verified chain ends in.
pub(super) struct VerifiedChain {
    /// The key that signed the document.
    pub(super) key: VerifyingKey,
    /// Whether the root is a simulated one.
    pub(super) simulated: bool,
}

/// Checks a chain from a trusted root (the first of `cabundle`) down to the document's certificate.
pub(super) fn verify_chain(
    cabundle: &[Vec<u8>],
    certificate: &[u8],
    roots: &[TrustedRoot],
    now: UnixMillis,
) -> Result<VerifiedChain, AttestationError> {
    if cabundle.is_empty() || cabundle.len() > MAX_CABUNDLE {
        return Err(AttestationError::CaBundleLength(cabundle.len()));
    }
    let chain: Vec<&[u8]> = cabundle.iter().map(Vec::as_slice).chain([certificate]).collect();
    if let Some(bad) = chain.iter().find(|der| der.is_empty() || der.len() > MAX_CERTIFICATE) {
        return Err(AttestationError::CertificateSize(bad.len()));
    }
    let simulated = match chain.first() {
        Some(root) => is_simulated_root(root, roots)?,
        None => return Err(AttestationError::CaBundleLength(0)),
    };
    let mut issuer: Option<Link> = None;
    let last = chain.len() - 1;
    for (index, der) in chain.iter().enumerate() {
        let link = Link::parse(der)?;
        // The root stands in for its own issuer.
        link.check_issued_by(issuer.as_ref().unwrap_or(&link), index)?;
        if index == last {
            link.check_leaf(index)?;
        } else {
            link.check_authority(index, last - 1 - index)?;
        }
        link.check_validity(index, now)?;
        issuer = Some(link);
    }
    let leaf = issuer.ok_or(AttestationError::CaBundleLength(0))?;
    Ok(VerifiedChain { key: leaf.key, simulated })
}

/// Whether the root is a simulated one; an error if it is none that is trusted.
fn is_simulated_root(root: &[u8], trusted: &[TrustedRoot]) -> Result<bool, AttestationError> {
    let fingerprint = Sha256::digest(root);
    let matches = |candidate: &&TrustedRoot| match candidate {
        TrustedRoot::AwsNitro => fingerprint.as_slice() == AWS_ROOT_SHA256,
        TrustedRoot::Simulated(der) => der.as_slice() == root,
    };
    match trusted.iter().find(matches) {
        Some(TrustedRoot::AwsNitro) => Ok(false),
        Some(TrustedRoot::Simulated(_)) => Ok(true),
        None => Err(AttestationError::UntrustedRoot(hex::encode(fingerprint))),
    }
}

/// One certificate of the chain, parsed, with the bytes that its issuer signed as they were received.
struct Link<'a> {
    certificate: Certificate,
    signed: &'a [u8],
    key: VerifyingKey,
}

impl<'a> Link<'a> {
    fn parse(der: &'a [u8]) -> Result<Self, AttestationError> {
        let unreadable = |_| AttestationError::Certificate("it is not X.509 in DER form");
        let certificate = Certificate::from_der(der).map_err(unreadable)?;
        let signed = signed_bytes(der).map_err(unreadable)?;
        if certificate.tbs_certificate().version() != Version::V3 {
            return Err(AttestationError::Certificate("it is not of version 3"));
        }
        let key = public_key(&certificate)?;
        check_extensions_known(&certificate)?;
        Ok(Self { certificate, signed, key })
    }

    fn check_issued_by(&self, issuer: &Link<'_>, index: usize) -> Result<(), AttestationError> {
        let body = self.certificate.tbs_certificate();
        if body.issuer() != issuer.certificate.tbs_certificate().subject() {
            return Err(AttestationError::Issuer(index));
        }
        let algorithm = self.certificate.signature_algorithm();
        if algorithm != body.signature() || algorithm.oid != ECDSA_WITH_SHA384 || algorithm.parameters.is_some() {
            return Err(AttestationError::Algorithm);
        }
        let wrong = AttestationError::CertificateSignature(index);
        let Some(bytes) = self.certificate.signature().as_bytes() else { return Err(wrong) };
        let Ok(signature) = DerSignature::try_from(bytes) else { return Err(wrong) };
        issuer.key.verify(self.signed, &signature).map_err(|_| wrong)
    }

    /// A certificate that issues others, with `below` more authorities under it.
    fn check_authority(&self, index: usize, below: usize) -> Result<(), AttestationError> {
        // RFC 5280 section 4.2.1.9: in an authority's certificate the extension is critical.
        let Some((true, constraints)) = self.basic_constraints(index)?.filter(|(_, constraints)| constraints.ca) else {
            return Err(AttestationError::BasicConstraints(index));
        };
        if constraints.path_len_constraint.is_some_and(|allowed| usize::from(allowed) < below) {
            return Err(AttestationError::PathLength(index));
        }
        self.check_key_usage(index, KeyUsage::key_cert_sign)
    }

    fn check_leaf(&self, index: usize) -> Result<(), AttestationError> {
        if self.basic_constraints(index)?.is_some_and(|(_, constraints)| constraints.ca) {
            return Err(AttestationError::BasicConstraints(index));
        }
        self.check_key_usage(index, |usage| usage.digital_signature() && !usage.key_cert_sign())
    }

    /// Whether the extension is critical, and what it says.
    fn basic_constraints(&self, index: usize) -> Result<Option<(bool, BasicConstraints)>, AttestationError> {
        let found = self.certificate.tbs_certificate().get_extension::<BasicConstraints>();
        found.map_err(|_| AttestationError::BasicConstraints(index))
    }

    /// The extension must be there: AWS's certificates all have it, and x509 libraries don't look at it.
    fn check_key_usage(&self, index: usize, allows: fn(&KeyUsage) -> bool) -> Result<(), AttestationError> {
        match self.certificate.tbs_certificate().get_extension::<KeyUsage>() {
            Ok(Some((_, usage))) if allows(&usage) => Ok(()),
            _ => Err(AttestationError::KeyUsage(index)),
        }
    }

    fn check_validity(&self, index: usize, now: UnixMillis) -> Result<(), AttestationError> {
        let validity = self.certificate.tbs_certificate().validity();
        let now = Duration::from_millis(now.0);
        if validity.not_before.to_unix_duration() > now.saturating_add(CLOCK_ALLOWANCE) {
            return Err(AttestationError::NotYetValid(index));
        }
        if validity.not_after.to_unix_duration() < now {
            return Err(AttestationError::Expired(index));
        }
        Ok(())
    }
}

/// The first element of the outer sequence, as it stands in the certificate.
fn signed_bytes(der: &[u8]) -> Result<&[u8], x509_cert::der::Error> {
    let mut reader = SliceReader::new(der)?;
    reader.sequence(|inner| {
        let signed = inner.tlv_bytes()?;
        inner.drain(inner.remaining_len())?;
        Ok::<_, x509_cert::der::Error>(signed)
    })
}

fn public_key(certificate: &Certificate) -> Result<VerifyingKey, AttestationError> {
    let info = certificate.tbs_certificate().subject_public_key_info();
    let algorithm: AlgorithmIdentifierRef<'_> = info.algorithm.owned_to_ref();
    let curve = algorithm.parameters_oid().map_err(|_| AttestationError::Algorithm)?;
    if algorithm.oid != EC_PUBLIC_KEY || curve != SECP384R1 {
        return Err(AttestationError::Algorithm);
    }
    let point = info.subject_public_key.as_bytes().ok_or(AttestationError::Algorithm)?;
    VerifyingKey::from_sec1_bytes(point).map_err(|_| AttestationError::Algorithm)
}

/// RFC 5280 section 4.2: a critical extension that is not understood makes the certificate unusable.
fn check_extensions_known(certificate: &Certificate) -> Result<(), AttestationError> {
    let known = [
        BasicConstraints::OID,
        KeyUsage::OID,
        SubjectKeyIdentifier::OID,
        AuthorityKeyIdentifier::OID,
        CrlDistributionPoints::OID,
    ];
    let extensions = certificate.tbs_certificate().extensions().map(Vec::as_slice).unwrap_or_default();
    match extensions.iter().any(|extension| extension.critical && !known.contains(&extension.extn_id)) {
        true => Err(AttestationError::Certificate("it has a critical extension that is not known")),
        false => Ok(()),
    }
}
