//! A session's keys, and what went wrong with them.
//!
//! Encrypted files find their keys here when they are opened, by what their own key metadata says. No plan and no
//! configuration ever has a key in it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use casemate_wire::keys::{DataKey, DataKeys};
use sealed_parquet::{Keys, Secret};
use zeroize::Zeroizing;

/// The keys of one session. Wiped when the session ends, even if a task of it should linger.
pub struct Keyring {
    state: Mutex<State>,
}

struct State {
    keys: DataKeys,
    forgotten: bool,
    problem: Option<sealed_parquet::Error>,
}

impl Keyring {
    /// Takes the keys that came with the handshake.
    pub fn new(keys: DataKeys) -> Arc<Self> {
        Arc::new(Keyring { state: Mutex::new(State { keys, forgotten: false, problem: None }) })
    }

    /// Remembers why an encrypted file could not be read, for the message to the client.
    pub fn report(&self, problem: &sealed_parquet::Error) {
        self.lock().problem = Some(problem.clone());
    }

    /// The last problem since the last call.
    pub fn take_problem(&self) -> Option<sealed_parquet::Error> {
        self.lock().problem.take()
    }

    /// The AAD prefix that the client expects the file at `path` to have.
    pub fn aad_prefix(&self, path: &str) -> Option<Vec<u8>> {
        self.lock().keys.aad_prefix(path).map(<[u8]>::to_vec)
    }

    /// Wipes the keys now.
    pub fn forget(&self) {
        let mut state = self.lock();
        state.keys = DataKeys::new();
        state.forgotten = true;
    }

    /// Whether the session is over.
    pub fn is_forgotten(&self) -> bool {
        self.lock().forgotten
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keys for Keyring {
    fn data_key(&self, id: &str) -> Option<Secret> {
        self.lock().keys.get(id).map(secret)
    }

    fn master_key(&self, id: &str) -> Option<Secret> {
        self.lock().keys.get_master(id).map(secret)
    }
}

fn secret(key: &DataKey) -> Secret {
    Zeroizing::new(key.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyring() -> Arc<Keyring> {
        let mut keys = DataKeys::new();
        keys.insert("orders", DataKey::new(&[7; 16]).unwrap()).unwrap();
        keys.insert_master("m", DataKey::new(&[8; 32]).unwrap()).unwrap();
        keys.insert_aad_prefix("sales", b"prefix").unwrap();
        Keyring::new(keys)
    }

    #[test]
    fn keys_of_the_two_kinds_are_not_taken_for_each_other() {
        let keyring = keyring();
        assert_eq!(keyring.data_key("orders").unwrap().to_vec(), [7; 16]);
        assert_eq!(keyring.master_key("m").unwrap().to_vec(), [8; 32]);
        assert!(keyring.data_key("m").is_none() && keyring.master_key("orders").is_none());
        assert_eq!(keyring.aad_prefix("sales/part-0.parquet").unwrap(), b"prefix");
    }

    #[test]
    fn a_forgotten_keyring_gives_nothing() {
        let keyring = keyring();
        assert!(!keyring.is_forgotten());
        keyring.forget();
        assert!(keyring.is_forgotten());
        assert!(keyring.data_key("orders").is_none() && keyring.master_key("m").is_none());
        assert_eq!(keyring.aad_prefix("sales"), None);
    }

    #[test]
    fn a_problem_is_told_once() {
        let keyring = keyring();
        let problem = sealed_parquet::Error::Malformed("x");
        keyring.report(&problem);
        assert_eq!(keyring.take_problem(), Some(problem));
        assert_eq!(keyring.take_problem(), None);
    }
}
