//! Key material of the Parquet key tools, which Spark writes: JSON that tells how a file's key is wrapped.
//!
//! It is a flat object of texts and booleans, either the key metadata itself (internal) or kept beside the file in
//! `_KEY_MATERIAL_FOR_<file>.json` under the reference that the key metadata then has (external).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::KeyError;
use crate::error::printable;

/// The only type of key material that there is.
const TYPE: &str = "PKMT1";

/// The most bytes of key metadata that are looked at.
const MAX_METADATA_BYTES: usize = 64 << 10;

/// The most bytes that a file of external key material may have.
pub const MAX_EXTERNAL_BYTES: u64 = 8 << 20;

/// The name of the file with the key material of the file named `file`, in the same folder.
pub fn external_file_name(file: &str) -> String {
    format!("_KEY_MATERIAL_FOR_{file}.json")
}

/// What key metadata says.
#[derive(Debug)]
pub(crate) enum KeyMetadata {
    /// The id of a data key.
    Id(String),
    /// Key material that is right here.
    Internal(KeyMaterial),
    /// A reference into the file of external key material.
    External(String),
}

/// How a key is wrapped.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct KeyMaterial {
    /// The master key that wraps the data key, or the key encryption key.
    pub(crate) master_key: String,
    /// The data key, wrapped by the master key or, if there is one, by the key encryption key.
    pub(crate) wrapped_key: String,
    /// Only with double wrapping.
    pub(crate) key_encryption_key: Option<WrappedKek>,
}

/// A key encryption key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WrappedKek {
    /// Base64; the bytes are the additional data of what the key wraps.
    pub(crate) id: String,
    /// Wrapped by the master key.
    pub(crate) wrapped: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Json {
    key_material_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    internal_storage: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_footer_key: Option<bool>,
    #[serde(rename = "kmsInstanceID", skip_serializing_if = "Option::is_none")]
    kms_instance_id: Option<String>,
    #[serde(rename = "kmsInstanceURL", skip_serializing_if = "Option::is_none")]
    kms_instance_url: Option<String>,
    #[serde(rename = "masterKeyID", skip_serializing_if = "Option::is_none")]
    master_key_id: Option<String>,
    #[serde(rename = "wrappedDEK", skip_serializing_if = "Option::is_none")]
    wrapped_dek: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    double_wrapping: Option<bool>,
    #[serde(rename = "keyEncryptionKeyID", skip_serializing_if = "Option::is_none")]
    key_encryption_key_id: Option<String>,
    #[serde(rename = "wrappedKEK", skip_serializing_if = "Option::is_none")]
    wrapped_kek: Option<String>,
}

impl KeyMetadata {
    /// Reads the key metadata of a footer or column.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, KeyError> {
        if bytes.is_empty() {
            return Err(KeyError::Unnamed);
        }
        if bytes.len() > MAX_METADATA_BYTES {
            return Err(KeyError::Unreadable);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| KeyError::Unreadable)?;
        if !text.trim_start().starts_with('{') {
            return if text.len() <= 128 { Ok(KeyMetadata::Id(text.to_owned())) } else { Err(KeyError::Unreadable) };
        }
        let json = parse_json(text)?;
        if json.internal_storage == Some(true) {
            return json.material().map(KeyMetadata::Internal);
        }
        json.key_reference.map(KeyMetadata::External).ok_or(KeyError::Material("it has no key reference"))
    }
}

fn parse_json(text: &str) -> Result<Json, KeyError> {
    let json: Json = serde_json::from_str(text).map_err(|_| KeyError::Material("it is not the JSON of key tools"))?;
    match json.key_material_type.as_deref() {
        Some(TYPE) => Ok(json),
        _ => Err(KeyError::Material("its keyMaterialType is not PKMT1")),
    }
}

impl Json {
    fn material(self) -> Result<KeyMaterial, KeyError> {
        let missing = |field| move || KeyError::Material(field);
        let key_encryption_key = if self.double_wrapping == Some(true) {
            Some(WrappedKek {
                id: self.key_encryption_key_id.ok_or_else(missing("it has no keyEncryptionKeyID"))?,
                wrapped: self.wrapped_kek.ok_or_else(missing("it has no wrappedKEK"))?,
            })
        } else {
            None
        };
        Ok(KeyMaterial {
            master_key: self.master_key_id.ok_or_else(missing("it has no masterKeyID"))?,
            wrapped_key: self.wrapped_dek.ok_or_else(missing("it has no wrappedDEK"))?,
            key_encryption_key,
        })
    }
}

impl KeyMaterial {
    /// The key metadata of a file that keeps this material inside.
    pub(crate) fn to_metadata(&self, is_footer_key: bool) -> Vec<u8> {
        // What Spark takes for a KMS if none is configured. A reader without the two has no KMS to ask.
        let kms = is_footer_key.then(|| "DEFAULT".to_owned());
        let kek = self.key_encryption_key.as_ref();
        let json = Json {
            key_material_type: Some(TYPE.to_owned()),
            internal_storage: Some(true),
            key_reference: None,
            is_footer_key: Some(is_footer_key),
            kms_instance_id: kms.clone(),
            kms_instance_url: kms,
            master_key_id: Some(self.master_key.clone()),
            wrapped_dek: Some(self.wrapped_key.clone()),
            double_wrapping: Some(kek.is_some()),
            key_encryption_key_id: kek.map(|kek| kek.id.clone()),
            wrapped_kek: kek.map(|kek| kek.wrapped.clone()),
        };
        // An object of texts and booleans always has its JSON.
        serde_json::to_vec(&json).unwrap_or_default()
    }
}

/// The key material that lies beside a file.
pub struct ExternalMaterial {
    file: String,
    by_reference: BTreeMap<String, String>,
}

impl ExternalMaterial {
    /// Reads the content of the file named `file`, see [`external_file_name`].
    ///
    /// # Errors
    /// When it is not a JSON object of texts of at most [`MAX_EXTERNAL_BYTES`].
    pub fn parse(file: &str, content: &[u8]) -> Result<Self, KeyError> {
        let problem = |problem| KeyError::External { file: printable(file), problem };
        if content.len() as u64 > MAX_EXTERNAL_BYTES {
            return Err(problem("is larger than 8 MiB"));
        }
        let by_reference =
            serde_json::from_slice(content).map_err(|_| problem("is not a JSON object of key material"))?;
        Ok(ExternalMaterial { file: file.to_owned(), by_reference })
    }

    pub(crate) fn find(&self, reference: &str) -> Result<KeyMaterial, KeyError> {
        let text = self.by_reference.get(reference).ok_or_else(|| KeyError::External {
            file: printable(&self.file),
            problem: "doesn't have the key that the table refers to",
        })?;
        parse_json(text)?.material()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn material(double: bool) -> KeyMaterial {
        let kek = WrappedKek { id: "a2Vr".into(), wrapped: "wrapped kek".into() };
        KeyMaterial {
            master_key: "m".into(),
            wrapped_key: "wrapped key".into(),
            key_encryption_key: double.then_some(kek),
        }
    }

    #[test]
    fn material_is_read_as_it_was_written() {
        for double in [false, true] {
            for footer in [false, true] {
                let bytes = material(double).to_metadata(footer);
                let text = String::from_utf8(bytes.clone()).unwrap();
                assert!(text.contains(&format!("\"isFooterKey\":{footer}")), "{text}");
                assert_eq!(text.contains("kmsInstanceID"), footer);
                let KeyMetadata::Internal(read) = KeyMetadata::parse(&bytes).unwrap() else { panic!("{text}") };
                assert_eq!(read, material(double));
            }
        }
    }

    #[test]
    fn a_reference_to_material_elsewhere_is_read() {
        let text = r#"{"keyMaterialType":"PKMT1","internalStorage":false,"keyReference":"columnKey3"}"#;
        let KeyMetadata::External(reference) = KeyMetadata::parse(text.as_bytes()).unwrap() else { panic!() };
        assert_eq!(reference, "columnKey3");
    }

    #[test]
    fn what_is_no_metadata_is_told_apart() {
        assert_eq!(KeyMetadata::parse(b"").unwrap_err(), KeyError::Unnamed);
        assert_eq!(KeyMetadata::parse(&[0xff, 0xfe]).unwrap_err(), KeyError::Unreadable);
        assert_eq!(KeyMetadata::parse(&[b'x'; 129]).unwrap_err(), KeyError::Unreadable);
        assert_eq!(KeyMetadata::parse(&[b'{'; MAX_METADATA_BYTES + 1]).unwrap_err(), KeyError::Unreadable);
        for text in
            ["{", "{}", r#"{"keyMaterialType":"PKMT2"}"#, r#"{"keyMaterialType":"PKMT1","internalStorage":true}"#]
        {
            assert!(matches!(KeyMetadata::parse(text.as_bytes()), Err(KeyError::Material(_))), "{text}");
        }
        assert!(matches!(KeyMetadata::parse(b"sales").unwrap(), KeyMetadata::Id(id) if id == "sales"));
    }

    #[test]
    fn external_material_is_found_by_its_reference() {
        let inner = String::from_utf8(material(true).to_metadata(true)).unwrap();
        let content = serde_json::to_vec(&BTreeMap::from([("footerKey", inner)])).unwrap();
        let external = ExternalMaterial::parse("_KEY_MATERIAL_FOR_x.json", &content).unwrap();
        assert_eq!(external.find("footerKey").unwrap(), material(true));
        assert!(matches!(external.find("columnKey0"), Err(KeyError::External { .. })));
        for content in [&b""[..], b"[]", b"{\"a\": 1}", b"\xff"] {
            assert!(matches!(ExternalMaterial::parse("x", content), Err(KeyError::External { .. })));
        }
    }
}
