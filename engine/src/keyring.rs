//! A session's data keys, and how encrypted Parquet files get theirs.
//!
//! Plans and configurations name only [`FACTORY_ID`]: the factory behind it lives in the session's
//! `RuntimeEnv`, and the key of a file is looked up by the file's own key metadata when its footer is read.
//! A file without encryption never asks for a key, so the same factory serves both.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use casemate_wire::keys::DataKeys;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::config::EncryptionFactoryOptions;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::parquet_encryption::EncryptionFactory;
use object_store::path::Path;
use parquet::encryption::decrypt::{FileDecryptionProperties, KeyRetriever};
use parquet::encryption::encrypt::FileEncryptionProperties;
use parquet::errors::ParquetError;

/// The id under which a session's factory is registered in its `RuntimeEnv`.
pub const FACTORY_ID: &str = "session-keys";

/// Why a file could not be given its key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The session has no key of that name.
    #[error("the table is encrypted with the key '{id}', which this session doesn't have: add it to the keys file")]
    Missing {
        /// The key's id as the file names it, made printable.
        id: String,
    },
    /// The file doesn't say which key it needs.
    #[error("an encrypted table names no key: write it with the key's id as the footer's key metadata")]
    Unnamed,
    /// The key metadata is something else than an id.
    #[error(
        "an encrypted table names its key in a form that is not supported: the footer's key metadata must be the \
         key's id, as UTF-8 text of at most 128 bytes"
    )]
    Unreadable,
    /// The Parquet library has no AES of that key length.
    #[error("the key '{id}' has {bytes} bytes: encrypted Parquet is read with keys of 16 or 32 bytes")]
    Length {
        /// The key's id.
        id: String,
        /// Its length.
        bytes: usize,
    },
}

/// The data keys of one session. Wiped when the session ends, even if a task of it should linger.
pub struct Keyring {
    state: Mutex<State>,
}

struct State {
    keys: DataKeys,
    problem: Option<KeyError>,
    last_used: Option<String>,
}

impl Keyring {
    /// Takes the keys that came with the handshake.
    pub fn new(keys: DataKeys) -> Arc<Self> {
        Arc::new(Keyring { state: Mutex::new(State { keys, problem: None, last_used: None }) })
    }

    /// The last lookup that failed since the last call.
    pub fn take_problem(&self) -> Option<KeyError> {
        self.lock().problem.take()
    }

    /// The id of the key that was looked up last.
    pub fn last_used(&self) -> Option<String> {
        self.lock().last_used.clone()
    }

    /// Wipes the keys now.
    pub fn forget(&self) {
        self.lock().keys = DataKeys::new();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, key_metadata: &[u8]) -> std::result::Result<Vec<u8>, KeyError> {
        let id = key_id(key_metadata)?;
        let mut state = self.lock();
        let key = state.keys.get(id).ok_or_else(|| KeyError::Missing { id: printable(id) })?;
        // The library takes the key as a plain vector and keeps an expanded copy while the file is open.
        let bytes = match key.as_bytes() {
            bytes if matches!(bytes.len(), 16 | 32) => bytes.to_vec(),
            bytes => return Err(KeyError::Length { id: printable(id), bytes: bytes.len() }),
        };
        state.last_used = Some(printable(id));
        Ok(bytes)
    }
}

fn key_id(key_metadata: &[u8]) -> std::result::Result<&str, KeyError> {
    if key_metadata.is_empty() {
        return Err(KeyError::Unnamed);
    }
    let text = std::str::from_utf8(key_metadata).map_err(|_| KeyError::Unreadable)?;
    if text.len() > casemate_wire::keys::MAX_KEY_ID_BYTES {
        return Err(KeyError::Unreadable);
    }
    Ok(text)
}

fn printable(id: &str) -> String {
    id.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

impl KeyRetriever for Keyring {
    fn retrieve_key(&self, key_metadata: &[u8]) -> parquet::errors::Result<Vec<u8>> {
        self.find(key_metadata).map_err(|problem| {
            let text = problem.to_string();
            self.lock().problem = Some(problem);
            ParquetError::General(text)
        })
    }
}

/// Gives every Parquet file of a session the same way to its key.
pub struct SessionKeyFactory {
    properties: Arc<FileDecryptionProperties>,
}

impl SessionKeyFactory {
    /// A factory that looks keys up in `keyring`.
    ///
    /// # Errors
    /// When the Parquet library refuses the properties, which it has no reason to.
    pub fn new(keyring: Arc<Keyring>) -> Result<Self> {
        let properties = FileDecryptionProperties::with_key_retriever(keyring).build()?;
        Ok(SessionKeyFactory { properties })
    }
}

impl fmt::Debug for SessionKeyFactory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKeyFactory")
    }
}

#[async_trait]
impl EncryptionFactory for SessionKeyFactory {
    /// Sessions write no files.
    async fn get_file_encryption_properties(
        &self,
        _config: &EncryptionFactoryOptions,
        _schema: &SchemaRef,
        _file_path: &Path,
    ) -> Result<Option<Arc<FileEncryptionProperties>>> {
        Err(DataFusionError::NotImplemented("writing Parquet files".to_owned()))
    }

    async fn get_file_decryption_properties(
        &self,
        _config: &EncryptionFactoryOptions,
        _file_path: &Path,
    ) -> Result<Option<Arc<FileDecryptionProperties>>> {
        Ok(Some(Arc::clone(&self.properties)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use casemate_wire::keys::DataKey;

    fn keyring() -> Arc<Keyring> {
        let mut keys = DataKeys::new();
        keys.insert("orders", DataKey::new(&[7; 16]).unwrap()).unwrap();
        keys.insert("odd", DataKey::new(&[7; 24]).unwrap()).unwrap();
        Keyring::new(keys)
    }

    #[test]
    fn a_key_is_found_by_the_id_in_the_files_metadata() {
        let keyring = keyring();
        assert_eq!(keyring.retrieve_key(b"orders").unwrap(), [7; 16]);
        assert_eq!(keyring.last_used().as_deref(), Some("orders"));
        assert_eq!(keyring.take_problem(), None);
    }

    #[test]
    fn a_missing_key_is_named() {
        let keyring = keyring();
        let error = keyring.retrieve_key(b"customers\n").unwrap_err();
        assert!(error.to_string().contains("'customers?'"), "{error}");
        assert_eq!(keyring.take_problem(), Some(KeyError::Missing { id: "customers?".into() }));
    }

    #[test]
    fn key_metadata_that_is_no_id_is_told_apart() {
        let keyring = keyring();
        for (metadata, expected) in [
            (&b""[..], KeyError::Unnamed),
            (&[0xff, 0xfe][..], KeyError::Unreadable),
            (&[b'x'; 129][..], KeyError::Unreadable),
        ] {
            keyring.retrieve_key(metadata).unwrap_err();
            assert_eq!(keyring.take_problem(), Some(expected));
        }
    }

    #[test]
    fn a_key_of_a_length_that_parquet_does_not_read_is_named_with_its_length() {
        let error = keyring().retrieve_key(b"odd").unwrap_err();
        assert!(error.to_string().contains("'odd' has 24 bytes"), "{error}");
    }

    #[test]
    fn a_forgotten_keyring_gives_no_key() {
        let keyring = keyring();
        keyring.forget();
        keyring.retrieve_key(b"orders").unwrap_err();
    }
}
