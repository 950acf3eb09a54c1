//! A Nitro Secure Module in software, for development and tests: the same documents, from a root of its own.

mod pki;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ciborium::{Value, cbor};
use coset::{CborSerializable, CoseSign1Builder, HeaderBuilder, iana};
use p384::ecdsa::Signature;
use p384::ecdsa::signature::Signer;

use self::pki::{Authority, LeafKey};
use super::nsm::{Nsm, NsmError, check_lengths};
use super::policy::{PCR_LEN, Pcr, TrustedRoot};
use super::verify::instance_pcr;
use crate::{Clock, UnixMillis};

/// Registers that a document of the real module carries.
const DOCUMENT_PCRS: u8 = 16;
/// How long the module's own certificate is valid, as AWS has it.
const LEAF_LIFETIME: Duration = Duration::from_secs(3 * 3600);
/// When the module gets itself a new one.
const LEAF_RENEWAL: Duration = Duration::from_secs(2 * 3600);

/// What a simulated module attests.
#[derive(Clone)]
pub struct SimulatedOptions {
    /// The registers; PCR0, PCR1 and PCR2 of zeros make a document of a debug enclave. Of the first sixteen, those
    /// that are not named are zero, except PCR4, which measures the instance that `module_id` names.
    pub pcrs: BTreeMap<u8, Pcr>,
    /// `i-<instance>-enc<enclave>`.
    pub module_id: String,
    /// The time that documents and certificates carry.
    pub clock: Arc<Clock>,
}

/// A module with its own generated root, chosen explicitly and never a fallback.
pub struct SimulatedNsm {
    options: SimulatedOptions,
    /// From the root down to the issuer of the module's own certificate.
    cabundle: Vec<Vec<u8>>,
    issuer: Authority,
    leaf: Mutex<Leaf>,
}

/// The key that signs documents, with its certificate.
struct Leaf {
    key: Arc<LeafKey>,
    made: UnixMillis,
}

impl SimulatedNsm {
    /// Makes fresh keys and certificates.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn generate(mut options: SimulatedOptions) -> Result<Self, NsmError> {
        let instance = options.module_id.split_once("-enc").map_or("", |(instance, _)| instance);
        let instance_pcr = instance_pcr(instance);
        options.pcrs.entry(4).or_insert(instance_pcr);
        for index in 0..DOCUMENT_PCRS {
            options.pcrs.entry(index).or_insert([0; PCR_LEN]);
        }
        let now = (options.clock)();
        let root = Authority::root("simulated.casemate", now)?;
        let issuer = root.subordinate(&format!("{instance}.simulated.casemate"), now)?;
        let leaf = Mutex::new(Leaf::new(&issuer, &options)?);
        let cabundle = vec![root.certificate().to_vec(), issuer.certificate().to_vec()];
        Ok(Self { options, cabundle, issuer, leaf })
    }

    /// The root certificate, which a trust policy must name.
    pub fn root_der(&self) -> &[u8] {
        self.cabundle.first().map(Vec::as_slice).unwrap_or_default()
    }

    /// The root as an entry of a trust policy.
    pub fn trusted_root(&self) -> TrustedRoot {
        TrustedRoot::Simulated(self.root_der().to_vec())
    }

    /// The registers that its documents carry.
    pub fn pcrs(&self) -> &BTreeMap<u8, Pcr> {
        &self.options.pcrs
    }

    /// The key to sign with now: a certificate of a real module is valid for three hours only.
    fn leaf_key(&self, now: UnixMillis) -> Result<Arc<LeafKey>, NsmError> {
        let mut leaf = self.leaf.lock().unwrap_or_else(PoisonError::into_inner);
        if now < leaf.made || now > leaf.made.saturating_add(LEAF_RENEWAL) {
            *leaf = Leaf::new(&self.issuer, &self.options)?;
        }
        Ok(Arc::clone(&leaf.key))
    }
}

impl Leaf {
    fn new(issuer: &Authority, options: &SimulatedOptions) -> Result<Self, NsmError> {
        let made = (options.clock)();
        let key = Arc::new(issuer.leaf(&format!("{}.simulated.casemate", options.module_id), made, LEAF_LIFETIME)?);
        Ok(Self { key, made })
    }
}

impl Nsm for SimulatedNsm {
    fn attest(&self, user_data: &[u8], nonce: &[u8], public_key: &[u8]) -> Result<Vec<u8>, NsmError> {
        check_lengths(user_data, nonce, public_key)?;
        let now = (self.options.clock)();
        let leaf = self.leaf_key(now)?;
        let payload = DocumentFields {
            module_id: &self.options.module_id,
            digest: "SHA384",
            timestamp: now,
            pcrs: &self.options.pcrs,
            certificate: leaf.certificate(),
            cabundle: &self.cabundle,
            public_key,
            user_data,
            nonce,
        };
        sign_document(&payload.to_value()?, &leaf)
    }

    fn is_simulated(&self) -> bool {
        true
    }
}

/// The fields of a document, in AWS's order.
struct DocumentFields<'a> {
    module_id: &'a str,
    digest: &'a str,
    timestamp: UnixMillis,
    pcrs: &'a BTreeMap<u8, Pcr>,
    certificate: &'a [u8],
    cabundle: &'a [Vec<u8>],
    public_key: &'a [u8],
    user_data: &'a [u8],
    nonce: &'a [u8],
}

impl DocumentFields<'_> {
    fn to_value(&self) -> Result<Value, NsmError> {
        let bytes = |bytes: &[u8]| Value::Bytes(bytes.to_vec());
        let pcrs = self.pcrs.iter().map(|(index, pcr)| (Value::from(*index), bytes(pcr))).collect();
        let cabundle = self.cabundle.iter().map(|der| bytes(der)).collect();
        cbor!({
            "module_id" => self.module_id,
            "digest" => self.digest,
            "timestamp" => self.timestamp.0,
            "pcrs" => Value::Map(pcrs),
            "certificate" => bytes(self.certificate),
            "cabundle" => Value::Array(cabundle),
            "public_key" => bytes(self.public_key),
            "user_data" => bytes(self.user_data),
            "nonce" => bytes(self.nonce),
        })
        .map_err(failed)
    }
}

/// An untagged COSE_Sign1 over the payload, as the module writes it.
fn sign_document(payload: &Value, key: &LeafKey) -> Result<Vec<u8>, NsmError> {
    let mut bytes = Vec::new();
    ciborium::into_writer(payload, &mut bytes).map_err(failed)?;
    let sign = |message: &[u8]| {
        let signature: Signature = key.signing_key().sign(message);
        signature.to_bytes().to_vec()
    };
    CoseSign1Builder::new()
        .protected(HeaderBuilder::new().algorithm(iana::Algorithm::ES384).build())
        .payload(bytes)
        .create_signature(&[], sign)
        .build()
        .to_vec()
        .map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> NsmError {
    NsmError::Simulated(error.to_string())
}

#[cfg(test)]
pub(super) mod forge;

#[cfg(test)]
mod tests;
