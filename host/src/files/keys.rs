//! The keys file: a client's identity, the key that its kept results are wrapped with, and the keys of its data.
//!
//! ```json
//! {
//!   "format": "casemate keys 1",
//!   "identity": "<secret P-384 scalar, 96 hex digits>",
//!   "public_key": "p384:<compressed point, hex>",
//!   "result_key": "<64 hex digits>",
//!   "data_keys": { "sales-2021": "<32, 48 or 64 hex digits>" },
//!   "master_keys": { "finance": "<32, 48 or 64 hex digits>" },
//!   "aad_prefixes": { "sales/2024": "<text>" },
//!   "datasets": { "minimum_versions": { "sales": 7 } }
//! }
//! ```
//!
//! The last three may be missing. Master keys open files with key material of the Parquet key tools (Spark's). An AAD prefix
//! is what the files at and below a path of the data folder must have been written with.
//! What stands under `datasets` is described in `data_policy`.

use std::collections::BTreeMap;
use std::path::Path;

use casemate_wire::data_policy::DataPolicy;
use casemate_wire::identity::{ClientIdentity, ClientPublicKey};
use casemate_wire::keys::{DataKey, DataKeys, ResultKey};
use serde::{Deserialize, Serialize};
use serde_json::error::Category;
use zeroize::{Zeroize, Zeroizing};

use super::FileError;
use super::data_policy::DataPolicyJson;
use super::store::{self, Access, Kind};

const FORMAT: &str = "casemate keys 1";

const KIND: Kind = Kind { name: "keys", hint: "make one with `casemate keys new FILE`", access: Access::Secret };

/// All that a client keeps secret.
pub struct Keys {
    /// Proves to an engine who is asking.
    pub identity: ClientIdentity,
    /// Wraps the keys of results that are kept sealed.
    pub result_key: ResultKey,
    /// Decrypt the tables: data keys, master keys and AAD prefixes.
    pub data_keys: DataKeys,
    /// Which tables the owner accepts, besides those that the identity has signed.
    pub data_policy: DataPolicy,
}

/// The file as JSON. Secrets are hexadecimal text that is wiped when dropped.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeysJson {
    format: String,
    identity: SecretText,
    public_key: ClientPublicKey,
    result_key: SecretText,
    data_keys: BTreeMap<String, SecretText>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    master_keys: BTreeMap<String, SecretText>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    aad_prefixes: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "DataPolicyJson::is_default")]
    datasets: DataPolicyJson,
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct SecretText(String);

impl Drop for SecretText {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Keys {
    /// A new identity and result key, no data keys.
    pub fn generate() -> Result<Self, FileError> {
        Ok(Self {
            identity: ClientIdentity::generate().map_err(value)?,
            result_key: ResultKey::generate().map_err(value)?,
            data_keys: DataKeys::new(),
            data_policy: DataPolicy::default(),
        })
    }

    /// Whose manifests are accepted: the owner's own, and those of the signers that the owner trusts.
    pub fn trusted_signers(&self) -> Vec<ClientPublicKey> {
        self.session_policy().signers
    }

    /// What a session is opened with.
    pub fn session_policy(&self) -> DataPolicy {
        let mut policy = self.data_policy.clone();
        policy.trust(self.identity.public());
        policy
    }

    /// Reads a keys file, which nobody but its owner may be able to read.
    pub fn load(path: &Path) -> Result<Self, FileError> {
        let bytes = store::read(path, KIND)?;
        Self::parse(&bytes).map_err(|problem| FileError::Malformed {
            kind: KIND.name,
            path: path.to_path_buf(),
            problem,
        })
    }

    /// Writes a keys file with mode 0600; a file that is there is replaced only with `force`.
    pub fn save(&self, path: &Path, force: bool) -> Result<(), FileError> {
        let json = KeysJson {
            format: FORMAT.to_owned(),
            identity: SecretText(hex::encode(&self.identity.to_bytes()[..])),
            public_key: self.identity.public(),
            result_key: SecretText(hex::encode(self.result_key.as_bytes())),
            data_keys: secrets(self.data_keys.ids(), |id| self.data_keys.get(id)),
            master_keys: secrets(self.data_keys.master_ids(), |id| self.data_keys.get_master(id)),
            aad_prefixes: self.aad_prefixes_json()?,
            datasets: DataPolicyJson::from(&self.data_policy),
        };
        let mut text = Zeroizing::new(serde_json::to_vec_pretty(&json).map_err(value)?);
        text.push(b'\n');
        store::write(path, &text, KIND.access, force)
    }

    fn aad_prefixes_json(&self) -> Result<BTreeMap<String, String>, FileError> {
        let entry = |(path, prefix): (&str, &[u8])| {
            let text = std::str::from_utf8(prefix).map_err(|_| value("an AAD prefix that is no text"))?;
            Ok((path.to_owned(), text.to_owned()))
        };
        self.data_keys.aad_prefixes().map(entry).collect()
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let json: KeysJson = serde_json::from_slice(bytes).map_err(|error| json_problem(&error))?;
        if json.format != FORMAT {
            return Err(format!("its \"format\" is not \"{FORMAT}\""));
        }
        let identity = ClientIdentity::from_bytes(&secret("identity", &json.identity)?)
            .map_err(|_| "\"identity\" is not a P-384 secret key".to_owned())?;
        if identity.public() != json.public_key {
            return Err("\"public_key\" does not belong to \"identity\": the file was altered or mixed up".to_owned());
        }
        let result_key =
            ResultKey::from_bytes(&secret("result_key", &json.result_key)?).map_err(|error| error.to_string())?;
        let mut data_keys = DataKeys::new();
        for (id, text) in &json.data_keys {
            let key = DataKey::new(&secret(id, text)?).map_err(|error| format!("data key \"{id}\": {error}"))?;
            data_keys.insert(id, key).map_err(|error| format!("data key \"{id}\": {error}"))?;
        }
        for (id, text) in &json.master_keys {
            let problem = |error| format!("master key \"{id}\": {error}");
            let key = DataKey::new(&secret(id, text)?).map_err(problem)?;
            data_keys.insert_master(id, key).map_err(problem)?;
        }
        for (path, prefix) in &json.aad_prefixes {
            let problem = |error| format!("AAD prefix of \"{path}\": {error}");
            data_keys.insert_aad_prefix(path, prefix.as_bytes()).map_err(problem)?;
        }
        let data_policy = json.datasets.into_policy().map_err(|error| format!("\"datasets\": {error}"))?;
        Ok(Self { identity, result_key, data_keys, data_policy })
    }
}

impl sealed_parquet::Keys for Keys {
    fn data_key(&self, id: &str) -> Option<sealed_parquet::Secret> {
        self.data_keys.get(id).map(|key| Zeroizing::new(key.as_bytes().to_vec()))
    }

    fn master_key(&self, id: &str) -> Option<sealed_parquet::Secret> {
        self.data_keys.get_master(id).map(|key| Zeroizing::new(key.as_bytes().to_vec()))
    }
}

/// Keys as the file has them.
fn secrets<'a>(
    ids: impl Iterator<Item = &'a str>,
    key: impl Fn(&str) -> Option<&'a DataKey>,
) -> BTreeMap<String, SecretText> {
    ids.filter_map(|id| Some((id.to_owned(), SecretText(hex::encode(key(id)?.as_bytes()))))).collect()
}

/// The bytes of a hexadecimal secret; the message names the field and never quotes it.
fn secret(field: &str, text: &SecretText) -> Result<Zeroizing<Vec<u8>>, String> {
    hex::decode(&text.0).map(Zeroizing::new).map_err(|_| format!("\"{field}\" is not hexadecimal"))
}

/// Where the JSON goes wrong. serde's own text is not passed on: it quotes what it found, which may be a key.
fn json_problem(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        Category::Data => "something that the format does not have there (`casemate keys --help` describes it)",
        Category::Eof => "the end, too early: the file was cut",
        Category::Syntax | Category::Io => "something that is not JSON",
    };
    format!("at line {} column {} there is {what}", error.line(), error.column())
}

fn value(error: impl std::fmt::Display) -> FileError {
    FileError::Value(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved() -> (tempfile::TempDir, std::path::PathBuf, Keys) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        let mut keys = Keys::generate().unwrap();
        keys.data_keys.insert("sales", DataKey::new(&[7; 16]).unwrap()).unwrap();
        keys.data_keys.insert_master("finance", DataKey::new(&[8; 32]).unwrap()).unwrap();
        keys.data_keys.insert_aad_prefix("sales/2024", b"sales of 2024").unwrap();
        keys.save(&path, false).unwrap();
        (folder, path, keys)
    }

    fn load_edited(edit: impl Fn(&mut serde_json::Value)) -> String {
        let (_folder, path, _) = saved();
        let mut json: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        edit(&mut json);
        store::write(&path, json.to_string().as_bytes(), Access::Secret, true).unwrap();
        Keys::load(&path).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn keys_read_back_as_they_were_saved() {
        let (_folder, path, keys) = saved();
        let read = Keys::load(&path).unwrap();
        assert_eq!(read.identity.public(), keys.identity.public());
        assert_eq!(read.result_key.as_bytes(), keys.result_key.as_bytes());
        assert_eq!(read.data_keys.get("sales").unwrap().as_bytes(), [7; 16]);
        assert_eq!(read.data_keys.get_master("finance").unwrap().as_bytes(), [8; 32]);
        assert_eq!(read.data_keys.aad_prefix("sales/2024/x.parquet").unwrap(), b"sales of 2024");
    }

    #[test]
    fn a_file_of_before_there_were_master_keys_is_read() {
        let without = |json: &mut serde_json::Value| {
            json.as_object_mut().unwrap().retain(|name, _| name != "master_keys" && name != "aad_prefixes");
        };
        assert_eq!(load_edited(without), "");
    }

    #[test]
    fn each_defect_is_named_and_no_secret_is_quoted() {
        let (_folder, path, _) = saved();
        let secret = "c0ffee".repeat(16);
        let text = std::fs::read_to_string(&path).unwrap();
        store::write(&path, &text.as_bytes()[..text.len() / 2], Access::Secret, true).unwrap();
        assert!(Keys::load(&path).err().unwrap().to_string().contains("the file was cut"));

        assert!(load_edited(|json| json["format"] = "other".into()).contains("format"));
        assert!(
            load_edited(|json| json["identity"] = format!("{secret}zz").into()).contains("\"identity\" is not hex")
        );
        assert!(load_edited(|json| json["identity"] = secret.clone().into()).contains("public_key"));
        assert!(load_edited(|json| json["result_key"] = "00".into()).contains("32 bytes"));
        assert!(load_edited(|json| json["data_keys"]["sales"] = "00".into()).contains("data key \"sales\""));
        assert!(load_edited(|json| json["master_keys"]["finance"] = "00".into()).contains("master key \"finance\""));
        assert!(load_edited(|json| json["aad_prefixes"]["/x"] = "p".into()).contains("AAD prefix of \"/x\""));
        assert!(load_edited(|json| json["data_keys"]["sales"] = 42.into()).contains("format does not have"));
        assert!(load_edited(|json| json["extra"] = secret.clone().into()).contains("format does not have"));
        for message in [
            load_edited(|json| json["identity"] = secret.clone().into()),
            load_edited(|json| json["result_key"] = format!("{secret}zz").into()),
            load_edited(|json| json["data_keys"] = secret.clone().into()),
        ] {
            assert!(!message.is_empty() && !message.contains("c0ffee"), "{message}");
        }
    }
}
