//! Signed images: PCR8 measures the signing certificate, and a COSE signature over PCR0 shows that its owner made the
//! image (<https://docs.aws.amazon.com/enclaves/latest/user/set-up-attestation.html#pcr8>).

use ciborium::de::from_reader_with_recursion_limit;
use coset::{CborSerializable, CoseSign1, CoseSign1Builder, HeaderBuilder, iana};
use p384::ecdsa::signature::{Signer as _, Verifier};
use p384::ecdsa::{Signature, SigningKey, VerifyingKey};
use p384::pkcs8::{DecodePrivateKey, DecodePublicKey};
use p384::{PublicKey, SecretKey};
use serde::{Deserialize, Serialize};
use x509_cert::Certificate;
use x509_cert::der::{DecodePem, Encode};
use zeroize::Zeroizing;

use casemate_wire::UnixMillis;
use casemate_wire::attestation::Pcr;

use crate::enclave::ImageError;

/// Nesting of the section's CBOR: a list of maps of lists of bytes.
const MAX_DEPTH: usize = 4;

/// Who signs an image: a P-384 key and its certificate.
pub struct Signer {
    key: SigningKey,
    pem: Vec<u8>,
    der: Vec<u8>,
}

impl Signer {
    /// Reads a private key (PEM, PKCS#8 or SEC1) and the certificate of its public half (PEM).
    ///
    /// # Errors
    /// [`ImageError::Signing`] when one of them is something else, when they don't belong together, or when the
    /// certificate is not valid at `now`: the hypervisor refuses such an image.
    pub fn from_pem(key: &Zeroizing<String>, certificate: &str, now: UnixMillis) -> Result<Self, ImageError> {
        let refused = |problem: &str| ImageError::Signing(problem.to_owned());
        let key = SecretKey::from_pkcs8_pem(key)
            .ok()
            .or_else(|| SecretKey::from_sec1_pem(key).ok())
            .ok_or_else(|| refused("the key is no unencrypted P-384 private key in PEM; make one with `openssl ecparam -name secp384r1 -genkey`"))?;
        let parsed = Certificate::from_pem(certificate)
            .map_err(|_| refused("the certificate is no X.509 certificate in PEM"))?;
        let der = parsed.to_der().map_err(|_| refused("the certificate can't be encoded"))?;
        if public_key(&parsed) != Some(VerifyingKey::from(key.public_key())) {
            return Err(refused("the certificate is of another key"));
        }
        let validity = parsed.tbs_certificate().validity();
        let seconds = now.0 / 1000;
        if seconds < validity.not_before.to_unix_duration().as_secs() {
            return Err(refused("the certificate is not valid yet"));
        }
        if seconds > validity.not_after.to_unix_duration().as_secs() {
            return Err(refused("the certificate has expired; the hypervisor would refuse the image"));
        }
        Ok(Self { key: key.into(), pem: certificate.as_bytes().to_vec(), der })
    }

    /// The certificate in DER: what PCR8 measures.
    pub fn certificate(&self) -> &[u8] {
        &self.der
    }

    /// The signature section for an image with this PCR0. The same PCR0 gives the same bytes (RFC 6979).
    pub(super) fn sign(&self, pcr0: &Pcr) -> Result<Vec<u8>, ImageError> {
        let signed = CoseSign1Builder::new()
            .protected(HeaderBuilder::new().algorithm(iana::Algorithm::ES384).build())
            .payload(payload(pcr0)?)
            .create_signature(&[], |message| {
                let signature: Signature = self.key.sign(message);
                signature.to_bytes().to_vec()
            })
            .build();
        let signature = signed.to_vec().map_err(unsigned)?;
        encode(&[PcrSignature { signing_certificate: self.pem.clone(), signature }])
    }
}

/// What a signature section is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureCheck {
    /// The certificate's owner signed this image's PCR0.
    Valid,
    /// The signature is not of this image, or not by this certificate's key.
    Invalid,
    /// A signature of another kind than ES384, which is not checked here.
    OtherAlgorithm,
}

/// A signature section, read but not yet checked.
pub(super) struct SignatureSection {
    certificate: Certificate,
    signature: CoseSign1,
}

impl SignatureSection {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, ImageError> {
        let malformed = |problem: &str| ImageError::Format(format!("its signature section {problem}"));
        let mut rest = bytes;
        let entries: Vec<PcrSignature> = from_reader_with_recursion_limit(&mut rest, MAX_DEPTH)
            .map_err(|_| malformed("is no list of signatures in CBOR"))?;
        let [entry] = &entries[..] else {
            return Err(malformed("does not hold one signature"));
        };
        let certificate =
            Certificate::from_pem(&entry.signing_certificate).map_err(|_| malformed("holds no certificate in PEM"))?;
        let signature =
            CoseSign1::from_slice(&entry.signature).map_err(|_| malformed("holds no COSE_Sign1 signature"))?;
        Ok(Self { certificate, signature })
    }

    /// The certificate in DER.
    pub(super) fn certificate(&self) -> Result<Vec<u8>, ImageError> {
        self.certificate.to_der().map_err(|_| ImageError::Format("its certificate can't be encoded".to_owned()))
    }

    /// Whether the certificate's key signed this PCR0.
    pub(super) fn check(&self, pcr0: &Pcr) -> SignatureCheck {
        let es384 = HeaderBuilder::new().algorithm(iana::Algorithm::ES384).build();
        let Some(key) = public_key(&self.certificate).filter(|_| self.signature.protected.header == es384) else {
            return SignatureCheck::OtherAlgorithm;
        };
        let verified = self.signature.verify_signature(&[], |signature, message| {
            let signature = Signature::from_slice(signature)?;
            key.verify(message, &signature)
        });
        let same = payload(pcr0).is_ok_and(|expected| self.signature.payload.as_deref() == Some(&expected[..]));
        if verified.is_ok() && same { SignatureCheck::Valid } else { SignatureCheck::Invalid }
    }
}

/// One entry of the section. Lists of numbers stand where byte strings would: that is how AWS's crate writes them.
#[derive(Serialize, Deserialize)]
struct PcrSignature {
    signing_certificate: Vec<u8>,
    signature: Vec<u8>,
}

/// What is signed.
#[derive(Serialize)]
struct PcrInfo<'a> {
    register_index: i32,
    register_value: &'a [u8],
}

fn payload(pcr0: &Pcr) -> Result<Vec<u8>, ImageError> {
    encode(&PcrInfo { register_index: 0, register_value: pcr0 })
}

fn encode(value: &impl Serialize) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).map_err(unsigned)?;
    Ok(bytes)
}

fn unsigned(error: impl std::fmt::Display) -> ImageError {
    ImageError::Signing(error.to_string())
}

/// The certificate's key, when it is one of P-384.
fn public_key(certificate: &Certificate) -> Option<VerifyingKey> {
    let info = certificate.tbs_certificate().subject_public_key_info().to_der().ok()?;
    PublicKey::from_public_key_der(&info).ok().map(VerifyingKey::from)
}
