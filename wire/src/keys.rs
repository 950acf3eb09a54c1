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

/// The keys of a session's tables. Wiped when dropped, never printed.
///
/// A *data key* encrypts files that name it by its id. A *master key* wraps the keys of files with key material of the
/// Parquet key tools, as Spark writes them. They are kept apart: no key is used for both, whatever a file says.
/// An *AAD prefix* tells which file or dataset is expected at a path.
#[derive(Default)]
pub struct DataKeys {
    data: BTreeMap<String, DataKey>,
    master: BTreeMap<String, DataKey>,
    aad_prefixes: BTreeMap<String, Vec<u8>>,
}

/// The most keys that a session may carry, data keys and master keys together.
pub const MAX_DATA_KEYS: usize = 256;
/// The longest key id in bytes.
pub const MAX_KEY_ID_BYTES: usize = 128;
/// The most AAD prefixes that a session may carry.
pub const MAX_AAD_PREFIXES: usize = 32;
/// The longest path with an AAD prefix, and the longest prefix, in bytes.
pub const MAX_AAD_PREFIX_BYTES: usize = 128;

impl DataKeys {
    /// No keys: for tables that are not encrypted.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a data key. An id is 1 to 128 bytes and may be used once.
    pub fn insert(&mut self, id: impl Into<String>, key: DataKey) -> Result<()> {
        let count = self.len();
        insert_key(&mut self.data, count, id.into(), key)
    }

    /// Adds a master key. An id is 1 to 128 bytes and may be used once.
    pub fn insert_master(&mut self, id: impl Into<String>, key: DataKey) -> Result<()> {
        let count = self.len();
        insert_key(&mut self.master, count, id.into(), key)
    }

    /// Sets the AAD prefix that the files at and below a path must have. Both are 1 to 128 bytes; the path is relative
    /// to the parent's data folder, its parts separated by single slashes.
    pub fn insert_aad_prefix(&mut self, path: impl Into<String>, prefix: &[u8]) -> Result<()> {
        let path = path.into();
        let usable = |length| (1..=MAX_AAD_PREFIX_BYTES).contains(&length);
        if !usable(path.len()) || !usable(prefix.len()) {
            return Err(Error::DataKey("an AAD prefix and its path have 1 to 128 bytes"));
        }
        if path.split('/').any(str::is_empty) {
            return Err(Error::DataKey("the path of an AAD prefix is relative, without slashes at its ends"));
        }
        if self.aad_prefixes.contains_key(&path) {
            return Err(Error::DataKey("a path has two AAD prefixes"));
        }
        if self.aad_prefixes.len() == MAX_AAD_PREFIXES {
            return Err(Error::DataKey("at most 32 AAD prefixes fit into a session"));
        }
        self.aad_prefixes.insert(path, prefix.to_vec());
        Ok(())
    }

    /// Takes a data key or a master key out, and says whether it was there.
    pub fn remove(&mut self, id: &str) -> bool {
        let (data, master) = (self.data.remove(id), self.master.remove(id));
        data.is_some() || master.is_some()
    }

    /// The data key with this id.
    pub fn get(&self, id: &str) -> Option<&DataKey> {
        self.data.get(id)
    }

    /// The master key with this id.
    pub fn get_master(&self, id: &str) -> Option<&DataKey> {
        self.master.get(id)
    }

    /// The AAD prefix of the file at `path`: that of the longest path that is the file's or a folder's around it.
    pub fn aad_prefix(&self, path: &str) -> Option<&[u8]> {
        let ends = path.char_indices().rev().filter(|(_, c)| *c == '/').map(|(index, _)| index);
        let around = std::iter::once(path.len()).chain(ends).filter_map(|end| path.get(..end));
        around.filter_map(|path| self.aad_prefixes.get(path)).map(Vec::as_slice).next()
    }

    /// The ids of all data keys, sorted.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.data.keys().map(String::as_str)
    }

    /// The ids of all master keys, sorted.
    pub fn master_ids(&self) -> impl Iterator<Item = &str> {
        self.master.keys().map(String::as_str)
    }

    /// All AAD prefixes with their paths, sorted by path.
    pub fn aad_prefixes(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.aad_prefixes.iter().map(|(path, prefix)| (path.as_str(), prefix.as_slice()))
    }

    /// How many keys there are, of both kinds.
    pub fn len(&self) -> usize {
        self.data.len() + self.master.len()
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Data keys, then master keys, each `count u16` and for each key `id_len u16, id, key_len u8, key`; then
    /// `count u16` and for each AAD prefix `path_len u16, path, prefix_len u8, prefix`. Sized once, so that no copy of
    /// a key is left behind by a growing buffer.
    pub(crate) fn encode(&self, out: &mut Zeroizing<Vec<u8>>) {
        for keys in [&self.data, &self.master] {
            out.extend_from_slice(&(keys.len() as u16).to_be_bytes());
            for (id, key) in keys {
                put_entry(out, id, &key.0);
            }
        }
        out.extend_from_slice(&(self.aad_prefixes.len() as u16).to_be_bytes());
        for (path, prefix) in &self.aad_prefixes {
            put_entry(out, path, prefix);
        }
    }

    pub(crate) fn encoded_len(&self) -> usize {
        let entry = |name: &String, value: usize| 2 + name.len() + 1 + value;
        let keys = self.data.iter().chain(&self.master).map(|(id, key)| entry(id, key.0.len()));
        let prefixes = self.aad_prefixes.iter().map(|(path, prefix)| entry(path, prefix.len()));
        3 * 2 + keys.chain(prefixes).sum::<usize>()
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self> {
        let mut keys = Self::new();
        for _ in 0..reader.u16()? {
            let (id, key) = entry(reader)?;
            keys.insert(id, DataKey::new(key)?)?;
        }
        for _ in 0..reader.u16()? {
            let (id, key) = entry(reader)?;
            keys.insert_master(id, DataKey::new(key)?)?;
        }
        for _ in 0..reader.u16()? {
            let (path, prefix) = entry(reader)?;
            keys.insert_aad_prefix(path, prefix)?;
        }
        Ok(keys)
    }
}

fn insert_key(keys: &mut BTreeMap<String, DataKey>, count: usize, id: String, key: DataKey) -> Result<()> {
    if id.is_empty() || id.len() > MAX_KEY_ID_BYTES {
        return Err(Error::DataKey("a key id has 1 to 128 bytes"));
    }
    if keys.contains_key(&id) {
        return Err(Error::DataKey("a key id is used twice"));
    }
    if count >= MAX_DATA_KEYS {
        return Err(Error::DataKey("at most 256 keys fit into a session"));
    }
    keys.insert(id, key);
    Ok(())
}

/// `name_len u16, name, value_len u8, value`; no value has more than 128 bytes.
fn put_entry(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    put_short_text(out, name);
    out.push(value.len() as u8);
    out.extend_from_slice(value);
}

fn entry<'a>(reader: &mut Reader<'a>) -> Result<(String, &'a [u8])> {
    let name = reader.short_text()?.to_owned();
    let len = reader.u8()?;
    Ok((name, reader.bytes(len.into())?))
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
        keys.insert_master("a", DataKey::new(&[3; 24]).unwrap()).unwrap();
        keys.insert_aad_prefix("sales/2024", b"prefix").unwrap();
        let mut bytes = Zeroizing::new(Vec::new());
        keys.encode(&mut bytes);
        assert_eq!(bytes.len(), keys.encoded_len());
        let again = DataKeys::decode(&mut Reader::new(&bytes)).unwrap();
        assert_eq!(again.ids().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(again.get("b").unwrap().as_bytes(), [2; 32]);
        assert_eq!(again.master_ids().collect::<Vec<_>>(), ["a"]);
        assert_eq!(again.get_master("a").unwrap().as_bytes(), [3; 24]);
        assert_eq!(again.aad_prefixes().collect::<Vec<_>>(), [("sales/2024", &b"prefix"[..])]);
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
        keys.insert_master("a", key()).unwrap();
        assert!(keys.insert_master("a", key()).is_err());
        for index in 0..MAX_DATA_KEYS - 2 {
            keys.insert_master(format!("m{index}"), key()).unwrap();
        }
        assert!(keys.insert("b", key()).is_err() && keys.insert_master("b", key()).is_err());
        for (path, prefix) in
            [("", &b"p"[..]), ("a/", b"p"), ("/a", b"p"), ("a//b", b"p"), ("a", b""), ("a", &[0; 129])]
        {
            assert!(keys.insert_aad_prefix(path, prefix).is_err(), "{path}");
        }
    }

    #[test]
    fn the_prefix_of_the_nearest_folder_counts() {
        let mut keys = DataKeys::new();
        keys.insert_aad_prefix("sales", b"all").unwrap();
        keys.insert_aad_prefix("sales/2024", b"year").unwrap();
        keys.insert_aad_prefix("one.parquet", b"one").unwrap();
        for (path, expected) in [
            ("sales/2024/part-0.parquet", Some(&b"year"[..])),
            ("sales/2023/part-0.parquet", Some(b"all")),
            ("sales", Some(b"all")),
            ("one.parquet", Some(b"one")),
            ("sales2/part-0.parquet", None),
            ("other.parquet", None),
        ] {
            assert_eq!(keys.aad_prefix(path), expected, "{path}");
        }
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
