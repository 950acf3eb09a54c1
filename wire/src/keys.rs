//! Secrets that a client owns: the keys of its data, and the key that wraps stored results.

use std::collections::BTreeMap;

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes256Gcm, KeyInit, Nonce, Tag};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::codec::{Reader, put_short_text};
use crate::{Error, Result};

/// An AES key of 16, 24 or 32 bytes that encrypts data at rest. Wiped when dropped, never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct DataKey(Vec<u8>);

impl DataKey {
    /// Takes key bytes; the caller's slice stays the caller's to wipe.
    pub fn new(bytes: &[u8]) -> Result<Self> {
        match bytes.len() {
            16 | 24 | 32 => Ok(Self(bytes.to_vec())),
            _ => Err(Error::DataKey("a data key has 16, 24 or 32 bytes")),
        }
    }

    /// A new random key of 32 bytes.
    pub fn generate() -> Result<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut bytes[..])?;
        Self::new(&bytes[..])
    }

    /// The key itself.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The data keys of a session, by key id. Wiped when dropped, never printed.
#[derive(Default)]
pub struct DataKeys(BTreeMap<String, DataKey>);

/// The most data keys that a session may carry.
pub const MAX_DATA_KEYS: usize = 256;
/// The longest key id in bytes.
pub const MAX_KEY_ID_BYTES: usize = 128;

impl DataKeys {
    /// No keys: for tables that are not encrypted.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key. An id is 1 to 128 bytes and may be used once.
    pub fn insert(&mut self, id: impl Into<String>, key: DataKey) -> Result<()> {
        let id = id.into();
        if id.is_empty() || id.len() > MAX_KEY_ID_BYTES {
            return Err(Error::DataKey("a key id has 1 to 128 bytes"));
        }
        if self.0.contains_key(&id) {
            return Err(Error::DataKey("a key id is used twice"));
        }
        if self.0.len() == MAX_DATA_KEYS {
            return Err(Error::DataKey("at most 256 data keys fit into a session"));
        }
        self.0.insert(id, key);
        Ok(())
    }

    /// Takes a key out, and says whether it was there.
    pub fn remove(&mut self, id: &str) -> bool {
        self.0.remove(id).is_some()
    }

    /// The key with this id.
    pub fn get(&self, id: &str) -> Option<&DataKey> {
        self.0.get(id)
    }

    /// All ids, sorted.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `count u16`, then for each key `id_len u16, id, key_len u8, key`. Sized once, so that no copy of a key
    /// is left behind by a growing buffer.
    pub(crate) fn encode(&self, out: &mut Zeroizing<Vec<u8>>) {
        out.extend_from_slice(&(self.0.len() as u16).to_be_bytes());
        for (id, key) in &self.0 {
            put_short_text(out, id);
            out.push(key.0.len() as u8);
            out.extend_from_slice(&key.0);
        }
    }

    pub(crate) fn encoded_len(&self) -> usize {
        2 + self.0.iter().map(|(id, key)| 2 + id.len() + 1 + key.0.len()).sum::<usize>()
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self> {
        let mut keys = Self::new();
        for _ in 0..reader.u16()? {
            let id = reader.short_text()?.to_owned();
            let len = reader.u8()?;
            keys.insert(id, DataKey::new(reader.bytes(len.into())?)?)?;
        }
        Ok(keys)
    }
}

/// The client's own key for results that it keeps sealed. Wiped when dropped, never printed.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct ResultKey([u8; 32]);

/// Bytes that wrapping adds: a random nonce and a tag.
pub(crate) const WRAP_OVERHEAD: usize = NONCE_LEN + 16;
const NONCE_LEN: usize = 12;

impl ResultKey {
    /// A new random key.
    pub fn generate() -> Result<Self> {
        let mut key = Self([0; 32]);
        getrandom::fill(&mut key.0)?;
        Ok(key)
    }

    /// Takes 32 key bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        bytes.try_into().map(Self).map_err(|_| Error::DataKey("a result key has 32 bytes"))
    }

    /// The key itself, for the keys file.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// `nonce || AES-256-GCM(secret) || tag`. The nonce is random: 96 bits are ample for one key's files.
    pub(crate) fn wrap(&self, secret: &[u8], aad: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce)?;
        let mut wrapped = Vec::with_capacity(secret.len() + WRAP_OVERHEAD);
        wrapped.extend_from_slice(&nonce);
        wrapped.extend_from_slice(secret);
        let cipher = Aes256Gcm::new(&self.0.into());
        let tag = cipher
            .encrypt_inout_detached(&Nonce::from(nonce), aad, (&mut wrapped[NONCE_LEN..]).into())
            .map_err(|_| Error::Unsealing)?;
        wrapped.extend_from_slice(&tag);
        Ok(wrapped)
    }

    pub(crate) fn unwrap(&self, wrapped: &[u8], aad: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = wrapped.split_first_chunk::<NONCE_LEN>().ok_or(Error::WrongResultKey)?;
        let (sealed, tag) = sealed.split_last_chunk::<16>().ok_or(Error::WrongResultKey)?;
        let mut secret = Zeroizing::new(sealed.to_vec());
        Aes256Gcm::new(&self.0.into())
            .decrypt_inout_detached(&Nonce::from(*nonce), aad, (&mut secret[..]).into(), &Tag::from(*tag))
            .map_err(|_| Error::WrongResultKey)?;
        Ok(secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back_from_their_encoding() {
        let mut keys = DataKeys::new();
        keys.insert("a", DataKey::new(&[1; 16]).unwrap()).unwrap();
        keys.insert("b", DataKey::new(&[2; 32]).unwrap()).unwrap();
        let mut bytes = Zeroizing::new(Vec::new());
        keys.encode(&mut bytes);
        assert_eq!(bytes.len(), keys.encoded_len());
        let again = DataKeys::decode(&mut Reader::new(&bytes)).unwrap();
        assert_eq!(again.ids().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(again.get("b").unwrap().as_bytes(), [2; 32]);
    }

    #[test]
    fn unusable_keys_and_ids_are_refused() {
        assert!(DataKey::new(&[0; 15]).is_err());
        let mut keys = DataKeys::new();
        let key = || DataKey::new(&[0; 16]).unwrap();
        assert!(keys.insert("", key()).is_err());
        assert!(keys.insert("x".repeat(MAX_KEY_ID_BYTES + 1), key()).is_err());
        keys.insert("a", key()).unwrap();
        assert!(keys.insert("a", key()).is_err());
    }

    #[test]
    fn a_wrapped_secret_opens_with_its_key_and_context_only() {
        let (key, other) = (ResultKey::generate().unwrap(), ResultKey::generate().unwrap());
        let wrapped = key.wrap(b"secret", b"context").unwrap();
        assert_eq!(&key.unwrap(&wrapped, b"context").unwrap()[..], b"secret");
        assert!(matches!(other.unwrap(&wrapped, b"context"), Err(Error::WrongResultKey)));
        assert!(matches!(key.unwrap(&wrapped, b"kontext"), Err(Error::WrongResultKey)));
        for cut in 0..wrapped.len() {
            assert!(matches!(key.unwrap(&wrapped[..cut], b"context"), Err(Error::WrongResultKey)));
        }
    }
}
