//! What the hypervisor measures of an image
//! (<https://docs.aws.amazon.com/enclaves/latest/user/set-up-attestation.html>).

use std::collections::BTreeMap;

use casemate_wire::attestation::Pcr;
use casemate_wire::trust_file::PcrSetEntry;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha384};

use super::SectionKind;

/// PCRs of an image, as the hardware will report them when it is started without debug mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measurements {
    /// PCR index to value: 0 the whole image, 1 kernel, command line and first ramdisk, 2 the other ramdisks, and 8
    /// the signing certificate of a signed image.
    pub pcrs: BTreeMap<u8, Pcr>,
}

impl Measurements {
    /// In the form that `nitro-cli build-enclave` prints and `casemate trust new --measurements` reads.
    pub fn to_json(&self) -> Value {
        let mut fields = Map::from_iter([("HashAlgorithm".to_owned(), Value::from("Sha384 { ... }"))]);
        fields.extend(self.pcrs.iter().map(|(index, value)| (format!("PCR{index}"), hex::encode(value).into())));
        json!({ "Measurements": fields })
    }

    /// As an accepted image of a trust file.
    pub fn to_pcr_set(&self, name: String) -> PcrSetEntry {
        PcrSetEntry { name, pcrs: self.pcrs.iter().map(|(index, value)| (*index, hex::encode(value))).collect() }
    }
}

/// Digests sections as they come by.
#[derive(Default)]
pub(super) struct Measurer {
    image: Sha384,
    bootstrap: Sha384,
    application: Sha384,
    ramdisks: usize,
}

impl Measurer {
    /// A section of this kind begins.
    pub(super) fn begin(&mut self, kind: SectionKind) {
        if kind == SectionKind::Ramdisk {
            self.ramdisks += 1;
        }
    }

    /// Bytes of the section that began last.
    pub(super) fn update(&mut self, kind: SectionKind, bytes: &[u8]) {
        match kind {
            SectionKind::Kernel | SectionKind::CommandLine => self.bootstrap.update(bytes),
            SectionKind::Ramdisk if self.ramdisks == 1 => self.bootstrap.update(bytes),
            SectionKind::Ramdisk => self.application.update(bytes),
            SectionKind::Metadata | SectionKind::Signature => return,
        }
        self.image.update(bytes);
    }

    /// The PCRs, with that of the signing certificate (DER) of a signed image.
    pub(super) fn finish(self, certificate: Option<&[u8]>) -> Measurements {
        let digests = [self.image, self.bootstrap, self.application].map(Digest::finalize);
        let mut pcrs: BTreeMap<u8, Pcr> = (0..).zip(digests.map(|digest| extend_from_zero(&digest))).collect();
        if let Some(certificate) = certificate {
            pcrs.insert(SIGNER_PCR, extend_from_zero(&Sha384::digest(certificate)));
        }
        Measurements { pcrs }
    }
}

/// The PCR of the signing certificate.
const SIGNER_PCR: u8 = 8;

/// The value of a PCR that was zero and is extended once: SHA-384 of its old value and the digest.
pub fn extend_from_zero(digest: &[u8]) -> Pcr {
    Sha384::new().chain_update([0; 48]).chain_update(digest).finalize().into()
}
