//! Wrapping keys under master keys, as `LocalWrapKmsClient` and `KeyToolkit` of the Parquet key tools do it:
//! `base64(nonce [12] | AES-GCM(key) | tag [16])`, the additional data being the id of the wrapping key.

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::KeyError;
use crate::aes::{Gcm, NONCE_LEN};
use crate::error::printable;
use crate::key_material::{ExternalMaterial, KeyMaterial, KeyMetadata, WrappedKek};

/// Bytes of a key that wipe themselves when dropped.
pub type Secret = Zeroizing<Vec<u8>>;

/// The keys that a reader or writer has.
pub trait Keys: Send + Sync {
    /// The data key with this id, for files that name their keys.
    fn data_key(&self, id: &str) -> Option<Secret>;

    /// The master key with this id, for files with key material.
    fn master_key(&self, id: &str) -> Option<Secret>;
}

/// The only version of master keys that local wrapping has.
const NO_VERSION: &str = "NO_VERSION";

/// What `LocalWrapKmsClient` makes of a wrapped key.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LocalKeyWrap {
    master_key_version: String,
    encrypted_key: String,
}

/// A file's key and the id to name it by in messages.
pub(crate) struct FileKey {
    pub(crate) bytes: Secret,
    /// The data key's id, or the master key's that it is wrapped under; printable.
    pub(crate) id: String,
}

/// The key that key metadata tells of.
pub(crate) fn find_key(
    metadata: Option<&[u8]>,
    external: Option<&ExternalMaterial>,
    keys: &dyn Keys,
) -> Result<FileKey, KeyError> {
    let material = match KeyMetadata::parse(metadata.unwrap_or_default())? {
        KeyMetadata::Id(id) => {
            let bytes = keys.data_key(&id).ok_or_else(|| KeyError::Missing { id: printable(&id) })?;
            return Ok(FileKey { bytes, id: printable(&id) });
        }
        KeyMetadata::Internal(material) => material,
        KeyMetadata::External(reference) => {
            external.ok_or(KeyError::Material("it lies in another file, which was not read"))?.find(&reference)?
        }
    };
    let bytes = unwrap_key(&material, keys)?;
    Ok(FileKey { bytes, id: printable(&material.master_key) })
}

fn unwrap_key(material: &KeyMaterial, keys: &dyn Keys) -> Result<Secret, KeyError> {
    let id = &material.master_key;
    let wrong = || KeyError::WrongMaster { id: printable(id) };
    let master = keys.master_key(id).ok_or_else(|| KeyError::MissingMaster { id: printable(id) })?;
    let by_master = |wrapped: &str| open(encrypted_key(wrapped)?, &master, id.as_bytes()).ok_or_else(wrong);
    match &material.key_encryption_key {
        None => by_master(&material.wrapped_key),
        Some(kek) => {
            let kek_id =
                Base64::decode_vec(&kek.id).map_err(|_| KeyError::Material("its keyEncryptionKeyID is no base64"))?;
            open(&material.wrapped_key, &by_master(&kek.wrapped)?, &kek_id).ok_or_else(wrong)
        }
    }
}

/// The base64 in a key that was wrapped by a master key: bare, or as `LocalWrapKmsClient` has it.
fn encrypted_key(wrapped: &str) -> Result<std::borrow::Cow<'_, str>, KeyError> {
    if !wrapped.trim_start().starts_with('{') {
        return Ok(wrapped.into());
    }
    let wrap: LocalKeyWrap = serde_json::from_str(wrapped)
        .map_err(|_| KeyError::Material("its wrapped key is not the JSON of LocalWrapKmsClient"))?;
    if wrap.master_key_version != NO_VERSION {
        return Err(KeyError::Material("its master key has a version, which local wrapping doesn't have"));
    }
    Ok(wrap.encrypted_key.into())
}

fn open(encoded: impl AsRef<str>, key: &[u8], aad: &[u8]) -> Option<Secret> {
    let bytes = Base64::decode_vec(encoded.as_ref()).ok()?;
    let (nonce, sealed) = bytes.split_first_chunk()?;
    Gcm::new(key)?.open(*nonce, aad, sealed).ok().map(Zeroizing::new)
}

fn seal(key: &[u8], wrapping_key: &Gcm, aad: &[u8]) -> Result<String, KeyError> {
    let nonce: [u8; NONCE_LEN] = random()?;
    let sealed = wrapping_key.seal(nonce, aad, key).map_err(|_| KeyError::Random)?;
    Ok(Base64::encode_string(&[&nonce[..], &sealed].concat()))
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N], KeyError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| KeyError::Random)?;
    Ok(bytes)
}

/// Wraps data keys under one master key by way of a key encryption key made for it (double wrapping).
pub(crate) struct Wrapper {
    master_key: String,
    kek_id: [u8; 16],
    kek: Gcm,
    wrapped: WrappedKek,
}

impl Wrapper {
    /// A new key encryption key, as long as the master key.
    pub(crate) fn new(master_key: &str, keys: &dyn Keys) -> Result<Self, KeyError> {
        let master =
            keys.master_key(master_key).ok_or_else(|| KeyError::MissingMaster { id: printable(master_key) })?;
        let length = || KeyError::Length { id: printable(master_key), bytes: master.len() };
        let mut kek: Secret = Zeroizing::new(vec![0; master.len()]);
        getrandom::fill(&mut kek).map_err(|_| KeyError::Random)?;
        let kek_id = random()?;
        let wrap = LocalKeyWrap {
            master_key_version: NO_VERSION.to_owned(),
            encrypted_key: seal(&kek, &Gcm::new(&master).ok_or_else(length)?, master_key.as_bytes())?,
        };
        Ok(Wrapper {
            master_key: master_key.to_owned(),
            kek_id,
            kek: Gcm::new(&kek).ok_or_else(length)?,
            wrapped: WrappedKek {
                id: Base64::encode_string(&kek_id),
                // An object of texts always has its JSON.
                wrapped: serde_json::to_string(&wrap).unwrap_or_default(),
            },
        })
    }

    /// The key material of a data key.
    pub(crate) fn wrap(&self, key: &[u8]) -> Result<KeyMaterial, KeyError> {
        Ok(KeyMaterial {
            master_key: self.master_key.clone(),
            wrapped_key: seal(key, &self.kek, &self.kek_id)?,
            key_encryption_key: Some(self.wrapped.clone()),
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// Keys in memory.
    #[derive(Default)]
    pub(crate) struct TestKeys {
        pub(crate) data: BTreeMap<&'static str, Vec<u8>>,
        pub(crate) master: BTreeMap<&'static str, Vec<u8>>,
    }

    impl Keys for TestKeys {
        fn data_key(&self, id: &str) -> Option<Secret> {
            self.data.get(id).cloned().map(Zeroizing::new)
        }

        fn master_key(&self, id: &str) -> Option<Secret> {
            self.master.get(id).cloned().map(Zeroizing::new)
        }
    }

    fn masters(key: u8, length: usize) -> TestKeys {
        TestKeys { master: BTreeMap::from([("m", vec![key; length])]), ..TestKeys::default() }
    }

    #[test]
    fn a_wrapped_key_opens_with_its_master_key_only() {
        for length in [16, 24, 32] {
            let material = Wrapper::new("m", &masters(1, length)).unwrap().wrap(b"the data key....").unwrap();
            let metadata = material.to_metadata(true);
            let find = |keys: &TestKeys| find_key(Some(&metadata), None, keys).map(|key| key.bytes.to_vec());
            assert_eq!(find(&masters(1, length)).unwrap(), b"the data key....");
            assert_eq!(find(&masters(2, length)).unwrap_err(), KeyError::WrongMaster { id: "m".into() });
            assert_eq!(find(&TestKeys::default()).unwrap_err(), KeyError::MissingMaster { id: "m".into() });
        }
    }

    #[test]
    fn a_key_wrapped_once_is_read_bare_and_as_a_local_wrap() {
        let encrypted = seal(&[7; 16], &Gcm::new(&[1; 16]).unwrap(), b"m").unwrap();
        let local = format!(r#"{{"masterKeyVersion":"NO_VERSION","encryptedKey":"{encrypted}"}}"#);
        for wrapped_key in [encrypted, local] {
            let material = KeyMaterial { master_key: "m".into(), wrapped_key, key_encryption_key: None };
            assert_eq!(unwrap_key(&material, &masters(1, 16)).unwrap().to_vec(), [7; 16]);
        }
        let versioned = r#"{"masterKeyVersion":"3","encryptedKey":"AAAA"}"#.to_owned();
        let material = KeyMaterial { master_key: "m".into(), wrapped_key: versioned, key_encryption_key: None };
        assert!(matches!(unwrap_key(&material, &masters(1, 16)), Err(KeyError::Material(_))));
    }

    #[test]
    fn damaged_material_is_an_error_that_says_so() {
        for wrapped_key in ["", "%", "AAAA", "{", "{}"] {
            let material =
                KeyMaterial { master_key: "m".into(), wrapped_key: wrapped_key.into(), key_encryption_key: None };
            assert!(unwrap_key(&material, &masters(1, 16)).is_err(), "{wrapped_key}");
        }
    }

    #[test]
    fn a_data_key_is_found_by_its_id() {
        let keys = TestKeys { data: BTreeMap::from([("sales", vec![9; 32])]), ..TestKeys::default() };
        assert_eq!(find_key(Some(b"sales"), None, &keys).unwrap().bytes.to_vec(), [9; 32]);
        let missing = find_key(Some(b"hr\n"), None, &keys).err().unwrap();
        assert_eq!(missing, KeyError::Missing { id: "hr?".into() });
        assert_eq!(find_key(None, None, &keys).err().unwrap(), KeyError::Unnamed);
        // A data key never unwraps keys.
        let as_master = masters(1, 16);
        let metadata = Wrapper::new("m", &as_master).unwrap().wrap(&[0; 16]).unwrap().to_metadata(true);
        let keys = TestKeys { data: BTreeMap::from([("m", vec![1; 16])]), ..TestKeys::default() };
        assert!(matches!(find_key(Some(&metadata), None, &keys), Err(KeyError::MissingMaster { .. })));
    }
}
