//! The client's trust file: which roots and which measured images it accepts. Public, but whoever can change it decides
//! what the client believes.

use std::collections::BTreeMap;
use std::path::Path;

use casemate_wire::attestation::policy::TrustPolicy;
use casemate_wire::trust_file::{PcrSetEntry, RootEntry, TrustFile};
use serde::Deserialize;

use super::FileError;
use super::store::{self, Access, Kind};

const KIND: Kind = Kind {
    name: "trust",
    hint: "make one with `casemate trust new FILE`, or use the one that a simulated engine writes (--simulated-trust-out)",
    access: Access::Public,
};

/// How old an attestation document may be unless the operator says otherwise.
pub const DEFAULT_MAX_AGE_SECONDS: u64 = 300;

/// What a new trust file accepts.
#[derive(Clone, Debug)]
pub struct TrustOptions {
    /// Accepted images.
    pub pcr_sets: Vec<PcrSetEntry>,
    /// How old an attestation document may be, in seconds.
    pub max_age_seconds: u64,
    /// Accepted hashes of the engine's access file (hex); empty accepts any.
    pub policy_hashes: Vec<String>,
}

/// A trust file that accepts these images under the AWS Nitro root.
pub fn new_trust(options: TrustOptions) -> Result<TrustFile, FileError> {
    let file = TrustFile {
        roots: vec![RootEntry::AwsNitro],
        pcr_sets: options.pcr_sets,
        max_age_seconds: options.max_age_seconds,
        policy_hashes: options.policy_hashes,
    };
    file.to_policy().map_err(|error| FileError::Value(error.to_string()))?;
    Ok(file)
}

/// The PCRs in what `nitro-cli build-enclave` prints: `{"Measurements": {"PCR0": "..", ..}}`.
pub fn pcr_set_from_measurements(name: String, path: &Path) -> Result<PcrSetEntry, FileError> {
    #[derive(Deserialize)]
    struct BuildOutput {
        #[serde(rename = "Measurements")]
        measurements: BTreeMap<String, String>,
    }
    let kind = Kind {
        name: "measurements",
        hint: "it is the JSON that `nitro-cli build-enclave` prints at its end",
        access: Access::Public,
    };
    let bytes = store::read(path, kind)?;
    let malformed = |problem: String| FileError::Malformed { kind: kind.name, path: path.to_path_buf(), problem };
    let output: BuildOutput = serde_json::from_slice(&bytes).map_err(|error| malformed(error.to_string()))?;
    let pcr = |(key, value): (String, String)| Some((key.strip_prefix("PCR")?.parse().ok()?, value));
    let pcrs: BTreeMap<u8, String> = output.measurements.into_iter().filter_map(pcr).collect();
    Ok(PcrSetEntry { name, pcrs })
}

/// Reads a trust file and checks it.
pub fn load_trust(path: &Path) -> Result<TrustPolicy, FileError> {
    read_trust(path).map(|(_, policy)| policy)
}

/// Reads a trust file and checks it, to change it.
pub fn load_trust_file(path: &Path) -> Result<TrustFile, FileError> {
    read_trust(path).map(|(file, _)| file)
}

fn read_trust(path: &Path) -> Result<(TrustFile, TrustPolicy), FileError> {
    let bytes = store::read(path, KIND)?;
    let malformed = |problem: String| FileError::Malformed { kind: KIND.name, path: path.to_path_buf(), problem };
    let text = std::str::from_utf8(&bytes).map_err(|error| malformed(error.to_string()))?;
    let file = TrustFile::from_json(text).map_err(|error| malformed(error.to_string()))?;
    let policy = file.to_policy().map_err(|error| malformed(error.to_string()))?;
    Ok((file, policy))
}

/// Writes a trust file; a file that is there is replaced only with `force`.
pub fn save_trust(file: &TrustFile, path: &Path, force: bool) -> Result<(), FileError> {
    store::write(path, file.to_json().as_bytes(), KIND.access, force)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> TrustOptions {
        let pcrs = (0..3).map(|index| (index, "0a".repeat(48))).collect();
        TrustOptions {
            pcr_sets: vec![PcrSetEntry { name: "v1".into(), pcrs }],
            max_age_seconds: 300,
            policy_hashes: vec![],
        }
    }

    #[test]
    fn a_trust_file_reads_back_and_never_trusts_a_simulation_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trust.json");
        let file = new_trust(options()).unwrap();
        assert_eq!(file.roots, [RootEntry::AwsNitro]);
        save_trust(&file, &path, false).unwrap();
        assert_eq!(load_trust(&path).unwrap().pcr_sets.len(), 1);
        assert!(matches!(save_trust(&file, &path, false), Err(FileError::Exists(_))));
    }

    #[test]
    fn a_trust_file_that_accepts_nothing_is_refused() {
        assert!(new_trust(TrustOptions { pcr_sets: vec![], ..options() }).is_err());
    }

    #[test]
    fn measurements_of_an_image_build_become_a_pcr_set() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("build.json");
        let pcr = "0b".repeat(48);
        let text = format!(
            r#"{{"Measurements": {{"HashAlgorithm": "Sha384 {{ ... }}", "PCR0": "{pcr}", "PCR1": "{pcr}", "PCR2": "{pcr}"}}}}"#
        );
        std::fs::write(&path, text).unwrap();
        let set = pcr_set_from_measurements("v2".into(), &path).unwrap();
        assert_eq!(set.pcrs.keys().copied().collect::<Vec<_>>(), [0, 1, 2]);
        std::fs::write(&path, "{}").unwrap();
        assert!(pcr_set_from_measurements("v2".into(), &path).unwrap_err().to_string().contains("Measurements"));
    }

    #[test]
    fn a_damaged_trust_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trust.json");
        for text in ["", "[]", r#"{"roots": ["aws-nitro"], "pcr_sets": []}"#] {
            std::fs::write(&path, text).unwrap();
            assert!(load_trust(&path).unwrap_err().to_string().contains("as trust file"));
        }
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(load_trust(&path).is_err());
    }
}
