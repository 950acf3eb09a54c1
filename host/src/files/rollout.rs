//! Rollouts: what a trust file accepts grows by the next image, and shrinks by the last one, each by a person's word.

use casemate_wire::trust_file::{PcrSetEntry, TrustFile};

use super::FileError;

/// Accepts one more image, beside those that are accepted already: the first step of a rollout.
///
/// # Errors
/// When an image of that name, or with these measurements, is accepted already, or a value is not one.
pub fn add_image(file: &mut TrustFile, set: PcrSetEntry) -> Result<(), FileError> {
    if file.pcr_sets.iter().any(|other| other.name == set.name) {
        let text = format!("an image \"{}\" is accepted already: choose another --name, or remove it first", set.name);
        return Err(FileError::Value(text));
    }
    if let Some(same) = file.pcr_sets.iter().find(|other| other.pcrs == set.pcrs) {
        return Err(FileError::Value(format!("these measurements are accepted already, as image \"{}\"", same.name)));
    }
    file.pcr_sets.push(set);
    file.to_policy().map(drop).map_err(|error| FileError::Value(error.to_string()))
}

/// Accepts an image that was just built, and its access file where the file names any. An image with the same
/// measurements is accepted already: who builds it again changes nothing.
///
/// # Errors
/// When another image of that name is accepted, or a value is not one.
pub fn accept_image(file: &mut TrustFile, set: PcrSetEntry, policy_hash: String) -> Result<(), FileError> {
    if !file.pcr_sets.iter().any(|known| known.pcrs == set.pcrs) {
        add_image(file, set)?;
    }
    // An empty list accepts any access file; one entry would narrow it to that one.
    if !file.policy_hashes.is_empty() && !file.policy_hashes.contains(&policy_hash) {
        add_policy(file, policy_hash)?;
    }
    file.to_policy().map(drop).map_err(|error| FileError::Value(error.to_string()))
}

/// Accepts the image of this name no more: the last step of a rollout.
///
/// # Errors
/// When there is none of this name, or it is the only one.
pub fn remove_image(file: &mut TrustFile, name: &str) -> Result<(), FileError> {
    let before = file.pcr_sets.len();
    file.pcr_sets.retain(|set| set.name != name);
    match (before - file.pcr_sets.len(), file.pcr_sets.len()) {
        (0, _) => Err(FileError::Value(format!(
            "no image \"{name}\" is accepted; `casemate trust show` names those that are"
        ))),
        (_, 0) => Err(FileError::Value(format!(
            "\"{name}\" is the only image that is accepted: add the next one before, or delete the file"
        ))),
        _ => Ok(()),
    }
}

/// Accepts one more access file, by its hash. A trust file that names none accepts engines with any.
///
/// # Errors
/// When it is accepted already.
pub fn add_policy(file: &mut TrustFile, hash: String) -> Result<(), FileError> {
    if file.policy_hashes.contains(&hash) {
        return Err(FileError::Value(format!("the access file with the hash {hash} is accepted already")));
    }
    file.policy_hashes.push(hash);
    Ok(())
}

/// Accepts the access file with this hash no more.
///
/// # Errors
/// When it is not named, or the only one that is: a file that names none would accept any.
pub fn remove_policy(file: &mut TrustFile, hash: &str) -> Result<(), FileError> {
    if !file.policy_hashes.iter().any(|other| other == hash) {
        return Err(FileError::Value(format!("the file names no access file with the hash {hash}")));
    }
    if file.policy_hashes.len() == 1 {
        let text = "it is the only access file that is named, and without any the file would accept engines with every \
                    access file: add the next one before";
        return Err(FileError::Value(text.to_owned()));
    }
    file.policy_hashes.retain(|other| other != hash);
    Ok(())
}

#[cfg(test)]
mod tests {
    use casemate_wire::trust_file::RootEntry;

    use super::*;

    fn trust() -> TrustFile {
        let pcrs = (0..3).map(|index| (index, "0a".repeat(48))).collect();
        TrustFile {
            roots: vec![RootEntry::AwsNitro],
            pcr_sets: vec![PcrSetEntry { name: "v1".into(), pcrs }],
            max_age_seconds: 300,
            policy_hashes: vec![],
        }
    }

    #[test]
    fn a_rollout_adds_the_new_image_and_removes_the_old_one_and_never_accepts_none() {
        let set = |name: &str, byte: &str| PcrSetEntry {
            name: name.into(),
            pcrs: (0..3).map(|index| (index, byte.repeat(48))).collect(),
        };
        let mut file = trust();
        assert!(add_image(&mut file, set("v1", "0b")).unwrap_err().to_string().contains("--name"));
        assert!(add_image(&mut file, set("v2", "0a")).unwrap_err().to_string().contains("as image \"v1\""));
        add_image(&mut file, set("v2", "0b")).unwrap();
        assert!(remove_image(&mut file, "v3").is_err());
        remove_image(&mut file, "v1").unwrap();
        assert_eq!(file.pcr_sets.iter().map(|set| set.name.as_str()).collect::<Vec<_>>(), ["v2"]);
        assert!(remove_image(&mut file, "v2").unwrap_err().to_string().contains("only image"));
    }

    #[test]
    fn an_incomplete_image_is_not_added() {
        let mut file = trust();
        let pcrs = [(0, "0b".repeat(48))].into();
        assert!(
            add_image(&mut file, PcrSetEntry { name: "v2".into(), pcrs }).unwrap_err().to_string().contains("PCR1")
        );
    }

    #[test]
    fn the_last_access_file_is_not_removed_because_none_would_mean_any() {
        let (old, new) = ("0a".repeat(48), "0b".repeat(48));
        let mut file = TrustFile { policy_hashes: vec![old.clone()], ..trust() };
        assert!(remove_policy(&mut file, &old).is_err());
        add_policy(&mut file, new.clone()).unwrap();
        assert!(add_policy(&mut file, new.clone()).is_err());
        remove_policy(&mut file, &old).unwrap();
        assert!(remove_policy(&mut file, &old).is_err());
        assert_eq!(file.policy_hashes, [new]);
    }

    #[test]
    fn a_trust_file_takes_one_more_image_and_keeps_accepting_any_access_file_or_the_named_ones() {
        let pcrs = (0..3).map(|index| (index, "0c".repeat(48))).collect();
        let set = PcrSetEntry { name: "v2".into(), pcrs };
        let mut any = trust();
        accept_image(&mut any, set.clone(), "0d".repeat(48)).unwrap();
        accept_image(&mut any, set.clone(), "0d".repeat(48)).unwrap();
        assert_eq!((any.pcr_sets.len(), any.policy_hashes.len()), (2, 0));
        let mut named = TrustFile { policy_hashes: vec!["0a".repeat(48)], ..trust() };
        accept_image(&mut named, set.clone(), "0d".repeat(48)).unwrap();
        assert_eq!(named.policy_hashes, ["0a".repeat(48), "0d".repeat(48)]);
        assert!(accept_image(&mut named, set, "no hash".into()).is_err());
    }
}
