//! Documents that are broken in one way each, for the tests of the verifier.

use std::collections::BTreeMap;
use std::time::Duration;

use ciborium::Value;
use coset::{CborSerializable, CoseSign1, CoseSign1Builder, Header, HeaderBuilder, TaggedCborSerializable, iana};
use p384::ecdsa::Signature;
use p384::ecdsa::signature::Signer;
use x509_cert::der::flagset::FlagSet;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{KeyUsage, KeyUsages};

use super::pki::{Authority, LeafKey, Template};
use super::{DocumentFields, LEAF_LIFETIME};
use crate::UnixMillis;
use crate::attestation::policy::{Pcr, PcrSet, TrustPolicy, TrustedRoot};
use crate::attestation::verify::{Expected, instance_pcr};

/// The moment of all forged documents.
pub(in crate::attestation) const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
const ROOT: &str = "root";
const ISSUER: &str = "issuer";
const INSTANCE: &str = "i-0123456789abcdef0";

/// What a document is made from; every field may be changed before [`Forge::document`].
pub(in crate::attestation) struct Forge {
    root: Authority,
    pub(in crate::attestation) pcrs: BTreeMap<u8, Pcr>,
    pub(in crate::attestation) module_id: String,
    pub(in crate::attestation) timestamp: UnixMillis,
    pub(in crate::attestation) algorithm: iana::Algorithm,
    pub(in crate::attestation) unprotected: Header,
    issuer: Template,
    leaf: Template,
}

impl Forge {
    /// The material of a valid document.
    pub(in crate::attestation) fn new() -> Self {
        let image = (0..3).map(|index| (index, [index + 1; 48]));
        Self {
            root: Authority::root(ROOT, NOW).unwrap(),
            pcrs: image.chain([(4, instance_pcr(INSTANCE))]).collect(),
            module_id: format!("{INSTANCE}-enc0123456789abcdef"),
            timestamp: NOW,
            algorithm: iana::Algorithm::ES384,
            unprotected: Header::default(),
            issuer: Template::authority(ISSUER, ROOT, NOW, Some(0)),
            leaf: Template::leaf("leaf", ISSUER, NOW, LEAF_LIFETIME),
        }
    }

    pub(in crate::attestation) fn change_issuer(&mut self, change: impl FnOnce(&mut Certificate<'_>)) {
        change(&mut Certificate(&mut self.issuer));
    }

    pub(in crate::attestation) fn change_leaf(&mut self, change: impl FnOnce(&mut Certificate<'_>)) {
        change(&mut Certificate(&mut self.leaf));
    }

    /// The policy that accepts the valid document.
    pub(in crate::attestation) fn policy(&self) -> TrustPolicy {
        let pcrs = (0..3).map(|index| (index, [index + 1; 48])).collect();
        TrustPolicy {
            roots: vec![TrustedRoot::Simulated(self.root.certificate().to_vec())],
            pcr_sets: vec![PcrSet { name: "v1".into(), pcrs }],
            max_age: Duration::from_secs(60),
            policy_hashes: Vec::new(),
        }
    }

    /// The handshake that the valid document answers.
    pub(in crate::attestation) fn expected() -> Expected<'static> {
        Expected { nonce: b"nonce", public_key: &[7; 32], user_data: b"transcript" }
    }

    pub(in crate::attestation) fn document(&self) -> Vec<u8> {
        self.document_with(|_| {})
    }

    /// The document with its payload's fields changed before it is signed.
    pub(in crate::attestation) fn document_with(&self, change: impl FnOnce(&mut Fields)) -> Vec<u8> {
        self.sign1(change).to_vec().unwrap()
    }

    pub(in crate::attestation) fn tagged_document(&self) -> Vec<u8> {
        self.sign1(|_| {}).to_tagged_vec().unwrap()
    }

    pub(in crate::attestation) fn sign1(&self, change: impl FnOnce(&mut Fields)) -> CoseSign1 {
        let issuer = self.root.authority(&self.issuer).unwrap();
        let leaf = issuer.leaf_from(&self.leaf).unwrap();
        let cabundle = vec![self.root.certificate().to_vec(), issuer.certificate().to_vec()];
        let mut fields = self.fields(&leaf, &cabundle);
        change(&mut fields);
        let mut payload = Vec::new();
        ciborium::into_writer(&Value::Map(fields.0), &mut payload).unwrap();
        CoseSign1Builder::new()
            .protected(HeaderBuilder::new().algorithm(self.algorithm).build())
            .unprotected(self.unprotected.clone())
            .payload(payload)
            .create_signature(&[], |message| {
                let signature: Signature = leaf.signing_key().sign(message);
                signature.to_bytes().to_vec()
            })
            .build()
    }

    fn fields(&self, leaf: &LeafKey, cabundle: &[Vec<u8>]) -> Fields {
        let expected = Self::expected();
        let fields = DocumentFields {
            module_id: &self.module_id,
            digest: "SHA384",
            timestamp: self.timestamp,
            pcrs: &self.pcrs,
            certificate: leaf.certificate(),
            cabundle,
            public_key: expected.public_key,
            user_data: expected.user_data,
            nonce: expected.nonce,
        };
        Fields(fields.to_value().unwrap().into_map().unwrap())
    }
}

/// A certificate that is not yet issued.
pub(in crate::attestation) struct Certificate<'a>(&'a mut Template);

impl Certificate<'_> {
    pub(in crate::attestation) fn issued_by(&mut self, name: &str) {
        self.0.issuer = name.to_owned();
    }

    pub(in crate::attestation) fn authority(&mut self, is_authority: bool) {
        self.0.constraints.as_mut().unwrap().ca = is_authority;
    }

    pub(in crate::attestation) fn without_constraints(&mut self) {
        self.0.constraints = None;
    }

    pub(in crate::attestation) fn without_usage(&mut self) {
        self.0.usage = None;
    }

    pub(in crate::attestation) fn usage_of(&mut self, other: &Forge) {
        self.0.usage = other.leaf.usage;
    }

    pub(in crate::attestation) fn usage(&mut self, usages: impl Into<FlagSet<KeyUsages>>) {
        self.0.usage = Some(KeyUsage(usages.into()));
    }

    pub(in crate::attestation) fn with_extension(&mut self, extension: Extension) {
        self.0.more.push(extension);
    }

    pub(in crate::attestation) fn valid(&mut self, from: UnixMillis, until: UnixMillis) {
        (self.0.not_before, self.0.not_after) = (from, until);
    }
}

/// The fields of a payload.
pub(in crate::attestation) struct Fields(pub(in crate::attestation) Vec<(Value, Value)>);

impl Fields {
    pub(in crate::attestation) fn get(&mut self, name: &str) -> &mut Value {
        &mut self.0.iter_mut().find(|(key, _)| key.as_text() == Some(name)).unwrap().1
    }

    pub(in crate::attestation) fn set(&mut self, name: &str, value: impl Into<Value>) {
        *self.get(name) = value.into();
    }

    pub(in crate::attestation) fn add(&mut self, name: &str, value: impl Into<Value>) {
        self.0.push((name.into(), value.into()));
    }

    pub(in crate::attestation) fn remove(&mut self, name: &str) {
        self.0.retain(|(key, _)| key.as_text() != Some(name));
    }
}
