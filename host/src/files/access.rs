//! The engine's access file: which client keys may use it. Public; its hash is part of what the engine attests.

use std::path::Path;

use casemate_wire::access_file::{AccessFile, AccessPolicy, ClientEntry};
use casemate_wire::identity::ClientPublicKey;

use super::FileError;
use super::store::{self, Access, Kind};

const KIND: Kind =
    Kind { name: "access", hint: "make one with `casemate access new FILE --client NAME=KEY`", access: Access::Public };

/// An access file for these clients, with default limits.
pub fn new_access(clients: Vec<(String, ClientPublicKey)>) -> Result<AccessFile, FileError> {
    // Defaults have one home, the format's own: an empty file of it.
    let mut file = AccessFile::from_json(r#"{"clients": []}"#).map_err(value)?;
    for (name, key) in clients {
        add_client(&mut file, name, key, None);
    }
    file.to_policy().map_err(value)?;
    Ok(file)
}

/// Adds a client; [`AccessFile::to_policy`] says whether the outcome can be used.
pub fn add_client(file: &mut AccessFile, name: String, key: ClientPublicKey, memory_limit: Option<String>) {
    file.clients.push(ClientEntry { name, key, memory_limit });
}

/// Takes a client out, all its keys or one of them. [`AccessFile::to_policy`] says whether the outcome can be used.
///
/// # Errors
/// When the file does not name it.
pub fn remove_client(file: &mut AccessFile, name: &str, key: Option<&ClientPublicKey>) -> Result<(), FileError> {
    let before = file.clients.len();
    file.clients.retain(|client| client.name != name || key.is_some_and(|key| client.key != *key));
    match file.clients.len() == before {
        true => Err(FileError::Value(format!("the access file names no client {name} with that key"))),
        false => Ok(()),
    }
}

/// Reads an access file and checks it.
pub fn load_access(path: &Path) -> Result<(AccessFile, AccessPolicy), FileError> {
    let bytes = store::read(path, KIND)?;
    let malformed = |problem: String| FileError::Malformed { kind: KIND.name, path: path.to_path_buf(), problem };
    let text = std::str::from_utf8(&bytes).map_err(|error| malformed(error.to_string()))?;
    let file = AccessFile::from_json(text).map_err(|error| malformed(error.to_string()))?;
    let policy = file.to_policy().map_err(|error| malformed(error.to_string()))?;
    Ok((file, policy))
}

/// Writes an access file after checking it; a file that is there is replaced only with `force`.
pub fn save_access(file: &AccessFile, path: &Path, force: bool) -> Result<(), FileError> {
    file.to_policy().map_err(value)?;
    store::write(path, file.to_json().as_bytes(), KIND.access, force)
}

fn value(error: casemate_wire::Error) -> FileError {
    FileError::Value(error.to_string())
}

#[cfg(test)]
mod tests {
    use casemate_wire::identity::ClientIdentity;

    use super::*;

    fn key() -> ClientPublicKey {
        ClientIdentity::generate().unwrap().public()
    }

    #[test]
    fn an_access_file_grows_by_clients_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("access.json");
        let mut file = new_access(vec![("alice".into(), key())]).unwrap();
        save_access(&file, &path, false).unwrap();
        add_client(&mut file, "bob".into(), key(), Some("512MiB".into()));
        assert!(matches!(save_access(&file, &path, false), Err(FileError::Exists(_))));
        save_access(&file, &path, true).unwrap();
        let (read, _policy) = load_access(&path).unwrap();
        assert_eq!(read, file);
    }

    #[test]
    fn an_access_file_that_lets_nobody_in_or_names_a_key_twice_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        assert!(new_access(vec![]).is_err());
        let (alice, path) = (key(), folder.path().join("access.json"));
        let mut file = new_access(vec![("alice".into(), alice.clone())]).unwrap();
        add_client(&mut file, "bob".into(), alice, None);
        assert!(save_access(&file, &path, false).is_err());
        remove_client(&mut file, "alice", None).unwrap();
        remove_client(&mut file, "bob", None).unwrap();
        assert!(save_access(&file, &path, false).is_err());
        assert!(remove_client(&mut file, "bob", None).is_err());
    }

    #[test]
    fn a_client_has_two_keys_while_it_changes_them() {
        let (old, new) = (key(), key());
        let mut file = new_access(vec![("alice".into(), old.clone()), ("bob".into(), key())]).unwrap();
        add_client(&mut file, "alice".into(), new.clone(), None);
        let policy = file.to_policy().unwrap();
        assert!([&old, &new].iter().all(|key| policy.client(key).is_some_and(|client| client.name == "alice")));
        remove_client(&mut file, "alice", Some(&old)).unwrap();
        assert!(remove_client(&mut file, "alice", Some(&old)).is_err());
        let policy = file.to_policy().unwrap();
        assert!(policy.client(&old).is_none() && policy.client(&new).is_some());
    }

    #[test]
    fn a_damaged_access_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("access.json");
        for text in ["", "{", r#"{"clients": []}"#, r#"{"clients": [{"name": "a", "key": "p384:00"}]}"#] {
            std::fs::write(&path, text).unwrap();
            let error = load_access(&path).unwrap_err().to_string();
            assert!(error.contains("as access file"), "{error}");
        }
    }
}
