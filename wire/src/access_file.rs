//! The engine's access file: which client keys may use it, and its limits. Its hash is part of what is attested.
//!
//! ```json
//! {
//!   "clients": [{ "name": "alice", "key": "p384:<98 hex digits>", "memory_limit": "512MiB" }],
//!   "max_sessions": 64,
//!   "idle_timeout_seconds": 600,
//!   "handshake_timeout_seconds": 10
//! }
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha384};

use crate::identity::{ClientPublicKey, PUBLIC_LEN};
use crate::{Error, Result};

/// The file as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessFile {
    /// Who may open sessions.
    pub clients: Vec<ClientEntry>,
    /// Sessions at once.
    #[serde(default = "default_max_sessions")]
    pub max_sessions: u32,
    /// A session without a query for so long is closed.
    #[serde(default = "default_idle_timeout")]
    pub idle_timeout_seconds: u64,
    /// A handshake that takes longer is dropped.
    #[serde(default = "default_handshake_timeout")]
    pub handshake_timeout_seconds: u64,
}

/// One client of an access file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientEntry {
    /// A name for people, 1 to 128 bytes.
    pub name: String,
    /// Its public key.
    pub key: ClientPublicKey,
    /// What its queries may use, for example `512MiB`; without it, the engine's own limit holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_limit: Option<String>,
}

fn default_max_sessions() -> u32 {
    64
}

fn default_idle_timeout() -> u64 {
    600
}

fn default_handshake_timeout() -> u64 {
    10
}

/// What an engine enforces: a checked access file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessPolicy {
    clients: BTreeMap<[u8; PUBLIC_LEN], Client>,
    /// Sessions at once.
    pub max_sessions: u32,
    /// A session without a query for so long is closed.
    pub idle_timeout: Duration,
    /// A handshake that takes longer is dropped.
    pub handshake_timeout: Duration,
}

/// One client of an access policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// A name for people.
    pub name: String,
    /// Bytes that its queries may use.
    pub memory_limit: Option<u64>,
}

/// The longest client name in bytes.
pub const MAX_NAME_BYTES: usize = 128;

impl AccessFile {
    /// Reads the JSON text.
    pub fn from_json(text: &str) -> Result<Self> {
        Ok(serde_json::from_str(text)?)
    }

    /// The JSON text, ready to be saved.
    pub fn to_json(&self) -> String {
        // Strings and numbers serialise without a failing case.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The policy to enforce. No client, a key that stands twice, or a size that is none, is an error. A name may stand
    /// at several keys: a client that changes its key has two for a while.
    pub fn to_policy(&self) -> Result<AccessPolicy> {
        if self.clients.is_empty() {
            return Err(config("clients", "name at least one client; nobody could use this engine"));
        }
        let mut clients = BTreeMap::new();
        for entry in &self.clients {
            let field = format!("clients '{}'", entry.name);
            if entry.name.is_empty() || entry.name.len() > MAX_NAME_BYTES {
                return Err(config(&field, "a name has 1 to 128 bytes"));
            }
            let memory_limit = entry.memory_limit.as_deref().map(|text| parse_size(&field, text)).transpose()?;
            let client = Client { name: entry.name.clone(), memory_limit };
            if clients.insert(entry.key.to_bytes(), client).is_some() {
                return Err(config(&field, "its key stands twice"));
            }
        }
        if self.max_sessions == 0 || self.handshake_timeout_seconds == 0 || self.idle_timeout_seconds == 0 {
            return Err(config("max_sessions and timeouts", "each is at least 1"));
        }
        Ok(AccessPolicy {
            clients,
            max_sessions: self.max_sessions,
            idle_timeout: Duration::from_secs(self.idle_timeout_seconds),
            handshake_timeout: Duration::from_secs(self.handshake_timeout_seconds),
        })
    }
}

impl AccessPolicy {
    /// The client with this key, if it may use the engine.
    pub fn client(&self, key: &ClientPublicKey) -> Option<&Client> {
        self.clients.get(&key.to_bytes())
    }
}

/// SHA-384 over a canonical form of the policy (clients in the order of their keys), so that the order in the
/// file and its white space do not matter. The form is written down in `docs/protocol.md`.
pub fn policy_hash(policy: &AccessPolicy) -> [u8; 48] {
    let mut hash = Sha384::new();
    hash.update(b"casemate access policy v1");
    hash.update((policy.clients.len() as u32).to_be_bytes());
    for (key, client) in &policy.clients {
        hash.update(key);
        hash.update((client.name.len() as u16).to_be_bytes());
        hash.update(client.name.as_bytes());
        hash.update(client.memory_limit.unwrap_or(0).to_be_bytes());
    }
    hash.update(policy.max_sessions.to_be_bytes());
    hash.update(policy.idle_timeout.as_secs().to_be_bytes());
    hash.update(policy.handshake_timeout.as_secs().to_be_bytes());
    hash.finalize().into()
}

/// Reads a size such as `512MiB`, `2GiB`, `64KiB` or plain bytes; `field` is named in the error.
pub fn parse_size(field: &str, text: &str) -> Result<u64> {
    let problem = || config(field, &format!("'{text}' is not a size; write for example 512MiB or 4GiB"));
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: u64 = match &text[digits.len()..] {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return Err(problem()),
    };
    let bytes = digits.trim_end().parse::<u64>().ok().and_then(|count| count.checked_mul(unit));
    bytes.filter(|&bytes| bytes > 0).ok_or_else(problem)
}

fn config(field: &str, problem: &str) -> Error {
    Error::Config { field: field.to_owned(), problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::ClientIdentity;

    fn entry(name: &str) -> ClientEntry {
        ClientEntry { name: name.into(), key: ClientIdentity::generate().unwrap().public(), memory_limit: None }
    }

    fn file(clients: Vec<ClientEntry>) -> AccessFile {
        AccessFile { clients, max_sessions: 4, idle_timeout_seconds: 5, handshake_timeout_seconds: 6 }
    }

    #[test]
    fn an_access_file_reads_back_from_its_json() {
        let mut alice = entry("alice");
        alice.memory_limit = Some("512MiB".into());
        let file = file(vec![alice.clone(), entry("bob")]);
        assert_eq!(AccessFile::from_json(&file.to_json()).unwrap(), file);
        let client = file.to_policy().unwrap().client(&alice.key).cloned().unwrap();
        assert_eq!(client, Client { name: "alice".into(), memory_limit: Some(512 << 20) });
    }

    #[test]
    fn limits_that_are_not_written_have_documented_defaults() {
        let text = format!(r#"{{"clients": [{{"name": "alice", "key": "{}"}}]}}"#, entry("x").key);
        let policy = AccessFile::from_json(&text).unwrap().to_policy().unwrap();
        assert_eq!(
            (policy.max_sessions, policy.idle_timeout.as_secs(), policy.handshake_timeout.as_secs()),
            (64, 600, 10)
        );
    }

    #[test]
    fn an_unknown_key_is_no_client() {
        let policy = file(vec![entry("alice")]).to_policy().unwrap();
        assert!(policy.client(&entry("mallory").key).is_none());
    }

    #[test]
    fn files_that_nobody_can_mean_are_refused() {
        let alice = entry("alice");
        let twin = ClientEntry { name: "twin".into(), ..alice.clone() };
        let sized = ClientEntry { memory_limit: Some("much".into()), ..entry("sized") };
        for clients in [vec![], vec![alice.clone(), twin], vec![entry("")], vec![sized]] {
            assert!(file(clients).to_policy().is_err());
        }
        assert!(AccessFile { max_sessions: 0, ..file(vec![alice]) }.to_policy().is_err());
    }

    #[test]
    fn a_client_may_have_several_keys_and_each_is_its_own() {
        let (old, new) = (entry("alice"), entry("alice"));
        let policy = file(vec![old.clone(), new.clone()]).to_policy().unwrap();
        assert_eq!([&old, &new].map(|entry| policy.client(&entry.key).unwrap().name.as_str()), ["alice", "alice"]);
        let after = file(vec![new]).to_policy().unwrap();
        assert!(after.client(&old.key).is_none());
        assert_ne!(policy_hash(&policy), policy_hash(&after));
    }

    #[test]
    fn the_hash_ignores_the_order_of_clients_and_nothing_else() {
        let (alice, bob) = (entry("alice"), entry("bob"));
        let hash = |file: AccessFile| policy_hash(&file.to_policy().unwrap());
        let base = file(vec![alice.clone(), bob.clone()]);
        assert_eq!(hash(base.clone()), hash(file(vec![bob.clone(), alice.clone()])));
        let changes = [
            file(vec![alice.clone()]),
            file(vec![alice.clone(), entry("bob")]),
            file(vec![ClientEntry { name: "al".into(), ..alice.clone() }, bob.clone()]),
            file(vec![ClientEntry { memory_limit: Some("1B".into()), ..alice }, bob]),
            AccessFile { max_sessions: 5, ..base.clone() },
            AccessFile { idle_timeout_seconds: 6, ..base.clone() },
            AccessFile { handshake_timeout_seconds: 7, ..base.clone() },
        ];
        for change in changes {
            assert_ne!(hash(base.clone()), hash(change));
        }
    }

    #[test]
    fn sizes_are_read_with_their_units() {
        assert_eq!(parse_size("x", "512MiB").unwrap(), 512 << 20);
        assert_eq!(parse_size("x", "4 GiB").unwrap(), 4 << 30);
        assert_eq!(parse_size("x", "100").unwrap(), 100);
        for bad in ["", "MiB", "0", "-1", "1MB", "1.5GiB", "99999999999TiB"] {
            assert!(parse_size("x", bad).is_err(), "{bad}");
        }
    }
}
