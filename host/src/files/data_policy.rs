//! The part of a keys file that says which tables its owner accepts.
//!
//! ```json
//! "datasets": {
//!   "signers": ["p384:<98 hex digits>"],
//!   "minimum_versions": { "sales": 7 },
//!   "plaintext": ["people.csv"],
//!   "unsigned": "all"
//! }
//! ```

use std::collections::{BTreeMap, BTreeSet};

use casemate_wire::data_policy::{Allowed, DataPolicy};
use casemate_wire::dataset::DatasetName;
use casemate_wire::identity::ClientPublicKey;
use serde::{Deserialize, Serialize};

/// A data policy as it is written; each part may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DataPolicyJson {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    signers: Vec<ClientPublicKey>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    minimum_versions: BTreeMap<DatasetName, u64>,
    #[serde(default, skip_serializing_if = "AllowedJson::is_none")]
    plaintext: AllowedJson,
    #[serde(default, skip_serializing_if = "AllowedJson::is_none")]
    unsigned: AllowedJson,
}

/// A list of names, or `"all"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum AllowedJson {
    Named(BTreeSet<DatasetName>),
    All(All),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum All {
    #[serde(rename = "all")]
    All,
}

impl AllowedJson {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for AllowedJson {
    fn default() -> Self {
        Self::Named(BTreeSet::new())
    }
}

impl From<&Allowed> for AllowedJson {
    fn from(allowed: &Allowed) -> Self {
        match allowed {
            Allowed::Named(names) => Self::Named(names.clone()),
            Allowed::All => Self::All(All::All),
        }
    }
}

impl From<AllowedJson> for Allowed {
    fn from(json: AllowedJson) -> Self {
        match json {
            AllowedJson::Named(names) => Self::Named(names),
            AllowedJson::All(All::All) => Self::All,
        }
    }
}

impl From<&DataPolicy> for DataPolicyJson {
    fn from(policy: &DataPolicy) -> Self {
        Self {
            signers: policy.signers.clone(),
            minimum_versions: policy.minimum_versions.clone(),
            plaintext: (&policy.plaintext).into(),
            unsigned: (&policy.unsigned).into(),
        }
    }
}

impl DataPolicyJson {
    /// Whether it says nothing.
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The policy, which fits into a session.
    pub(super) fn into_policy(self) -> casemate_wire::Result<DataPolicy> {
        let policy = DataPolicy {
            signers: self.signers,
            minimum_versions: self.minimum_versions,
            plaintext: self.plaintext.into(),
            unsigned: self.unsigned.into(),
        };
        policy.check()?;
        Ok(policy)
    }
}

#[cfg(test)]
mod tests {
    use casemate_wire::identity::ClientIdentity;

    use super::*;

    #[test]
    fn a_policy_reads_back_from_its_text() {
        let mut policy = DataPolicy { unsigned: Allowed::All, ..DataPolicy::default() };
        policy.trust(ClientIdentity::generate().unwrap().public());
        policy.require("sales".parse().unwrap(), 7);
        policy.plaintext.add("people.csv".parse().unwrap());
        for policy in [policy, DataPolicy::default(), DataPolicy::allow_all()] {
            let text = serde_json::to_string(&DataPolicyJson::from(&policy)).unwrap();
            let read: DataPolicyJson = serde_json::from_str(&text).unwrap();
            assert_eq!(read.into_policy().unwrap(), policy, "{text}");
        }
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        for text in [
            r#"{"unsigned": "some"}"#,
            r#"{"unsigned": true}"#,
            r#"{"plaintext": ["../x"]}"#,
            r#"{"signers": ["p384:00"]}"#,
            r#"{"minimum_versions": {"sales": -1}}"#,
            r#"{"allow": []}"#,
        ] {
            assert!(serde_json::from_str::<DataPolicyJson>(text).is_err(), "{text}");
        }
    }
}
