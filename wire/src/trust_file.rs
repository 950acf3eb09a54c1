//! The client's trust file: which roots and which measured enclave images it accepts.
//!
//! ```json
//! {
//!   "roots": ["aws-nitro"],
//!   "pcr_sets": [{ "name": "v1", "pcrs": { "0": "<96 hex digits>", "1": "..", "2": ".." } }],
//!   "max_age_seconds": 300,
//!   "policy_hashes": ["<96 hex digits>"]
//! }
//! ```
//!
//! A simulated root is `{"simulated": "<base64 of its DER form>"}`. It is accepted only where such an entry stands.

use std::collections::BTreeMap;
use std::time::Duration;

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};

use crate::attestation::policy::{PCR_LEN, Pcr, PcrSet, TrustPolicy, TrustedRoot};
use crate::{Error, Result};

/// The file as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustFile {
    /// Accepted roots; at least one.
    pub roots: Vec<RootEntry>,
    /// Accepted images; at least one.
    pub pcr_sets: Vec<PcrSetEntry>,
    /// How old a document may be when it is checked.
    #[serde(default = "default_max_age")]
    pub max_age_seconds: u64,
    /// Accepted hashes of the engine's access policy, in hexadecimal. Empty accepts any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policy_hashes: Vec<String>,
}

/// One accepted root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RootEntry {
    /// The root of AWS Nitro Enclaves, pinned in this crate.
    #[serde(rename = "aws-nitro")]
    AwsNitro,
    /// The root of a simulated NSM: base64 of the certificate's DER form. Proves nothing about hardware.
    #[serde(rename = "simulated")]
    Simulated(String),
}

/// One accepted image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PcrSetEntry {
    /// A name for people.
    pub name: String,
    /// PCR index to its value in hexadecimal; 0, 1 and 2 must be there.
    pub pcrs: BTreeMap<u8, String>,
}

fn default_max_age() -> u64 {
    300
}

impl TrustFile {
    /// Reads the JSON text.
    pub fn from_json(text: &str) -> Result<Self> {
        Ok(serde_json::from_str(text)?)
    }

    /// The JSON text, ready to be saved.
    pub fn to_json(&self) -> String {
        // Maps with integer keys and strings serialise without a failing case.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The file that says what `policy` says.
    pub fn from_policy(policy: &TrustPolicy) -> Self {
        Self {
            roots: policy.roots.iter().map(RootEntry::from_root).collect(),
            pcr_sets: policy.pcr_sets.iter().map(PcrSetEntry::from_set).collect(),
            max_age_seconds: policy.max_age.as_secs(),
            policy_hashes: policy.policy_hashes.iter().map(hex::encode).collect(),
        }
    }

    /// The policy to verify with. Every value is checked; an empty list of roots or PCR sets is an error.
    pub fn to_policy(&self) -> Result<TrustPolicy> {
        let policy = TrustPolicy {
            roots: self.roots.iter().map(RootEntry::to_root).collect::<Result<_>>()?,
            pcr_sets: self.pcr_sets.iter().map(PcrSetEntry::to_set).collect::<Result<_>>()?,
            max_age: Duration::from_secs(self.max_age_seconds),
            policy_hashes: self
                .policy_hashes
                .iter()
                .map(|text| parse_hash("policy_hashes", text))
                .collect::<Result<_>>()?,
        };
        if policy.roots.is_empty() {
            return Err(config("roots", "name at least one root, for example \"aws-nitro\""));
        }
        if policy.pcr_sets.is_empty() {
            return Err(config("pcr_sets", "name at least one accepted image; no entry does not mean any"));
        }
        Ok(policy)
    }
}

impl RootEntry {
    fn from_root(root: &TrustedRoot) -> Self {
        match root {
            TrustedRoot::AwsNitro => Self::AwsNitro,
            TrustedRoot::Simulated(der) => Self::Simulated(Base64::encode_string(der)),
        }
    }

    fn to_root(&self) -> Result<TrustedRoot> {
        match self {
            Self::AwsNitro => Ok(TrustedRoot::AwsNitro),
            Self::Simulated(text) => Base64::decode_vec(text)
                .map(TrustedRoot::Simulated)
                .map_err(|_| config("roots", "a simulated root is the base64 of a DER certificate")),
        }
    }
}

impl PcrSetEntry {
    fn from_set(set: &PcrSet) -> Self {
        let pcrs = set.pcrs.iter().map(|(index, value)| (*index, hex::encode(value))).collect();
        Self { name: set.name.clone(), pcrs }
    }

    fn to_set(&self) -> Result<PcrSet> {
        let field = format!("pcr_sets '{}'", self.name);
        if let Some(missing) = (0..=2).find(|index| !self.pcrs.contains_key(index)) {
            return Err(config(&field, &format!("PCR{missing} is missing; PCR0, PCR1 and PCR2 are required")));
        }
        let pcrs = self.pcrs.iter().map(|(index, text)| Ok((*index, parse_hash(&field, text)?)));
        Ok(PcrSet { name: self.name.clone(), pcrs: pcrs.collect::<Result<_>>()? })
    }
}

fn parse_hash(field: &str, text: &str) -> Result<Pcr> {
    let mut value = [0; PCR_LEN];
    match hex::decode_to_slice(text, &mut value) {
        Ok(()) => Ok(value),
        Err(_) => Err(config(field, "a SHA-384 value is 96 hexadecimal digits")),
    }
}

fn config(field: &str, problem: &str) -> Error {
    Error::Config { field: field.to_owned(), problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> TrustFile {
        let pcrs = (0..3).map(|index| (index, "0a".repeat(PCR_LEN))).collect();
        TrustFile {
            roots: vec![RootEntry::AwsNitro, RootEntry::Simulated("MAA=".into())],
            pcr_sets: vec![PcrSetEntry { name: "v1".into(), pcrs }],
            max_age_seconds: 60,
            policy_hashes: vec!["ff".repeat(PCR_LEN)],
        }
    }

    #[test]
    fn a_trust_file_reads_back_from_its_json_and_its_policy() {
        let file = sample();
        assert_eq!(TrustFile::from_json(&file.to_json()).unwrap(), file);
        assert_eq!(TrustFile::from_policy(&file.to_policy().unwrap()), file);
    }

    #[test]
    fn the_documented_form_is_accepted() {
        let digest = "00".repeat(PCR_LEN);
        let text = format!(
            r#"{{"roots": ["aws-nitro", {{"simulated": "MAA="}}],
                 "pcr_sets": [{{"name": "v1", "pcrs": {{"0": "{digest}", "1": "{digest}", "2": "{digest}", "8": "{digest}"}}}}]}}"#
        );
        let policy = TrustFile::from_json(&text).unwrap().to_policy().unwrap();
        assert_eq!(policy.roots.len(), 2);
        assert_eq!(policy.pcr_sets[0].pcrs.len(), 4);
        assert_eq!(policy.max_age, Duration::from_secs(300));
    }

    #[test]
    fn lists_that_must_name_something_may_not_be_empty() {
        assert!(TrustFile { roots: vec![], ..sample() }.to_policy().is_err());
        assert!(TrustFile { pcr_sets: vec![], ..sample() }.to_policy().is_err());
    }

    #[test]
    fn a_pcr_set_without_one_of_the_first_three_is_refused() {
        for missing in 0..3 {
            let mut file = sample();
            file.pcr_sets[0].pcrs.remove(&missing);
            assert!(file.to_policy().unwrap_err().to_string().contains(&format!("PCR{missing}")));
        }
    }

    #[test]
    fn values_of_the_wrong_form_and_unknown_fields_are_refused() {
        let mut file = sample();
        file.pcr_sets[0].pcrs.insert(8, "abc".into());
        assert!(file.to_policy().is_err());
        let mut file = sample();
        file.roots.push(RootEntry::Simulated("not base64".into()));
        assert!(file.to_policy().is_err());
        assert!(TrustFile::from_json(r#"{"roots": [], "pcr_sets": [], "allow_debug": true}"#).is_err());
        assert!(TrustFile::from_json(r#"{"roots": ["any"], "pcr_sets": []}"#).is_err());
    }
}
