//! The content of an attestation document (AWS, `attestation_process.md`).

use std::collections::BTreeMap;

use ciborium::Value;

use super::cose::read_value;
use super::error::AttestationError;
use super::nsm::{MAX_NONCE, MAX_PUBLIC_KEY, MAX_USER_DATA};
use super::policy::{PCR_LEN, Pcr};
use crate::UnixMillis;

/// The largest document that is looked at. Real ones have about 4.5 KiB.
pub const MAX_DOCUMENT_BYTES: usize = 16 << 10;
/// Registers that an NSM has.
const PCR_COUNT: u64 = 32;

/// The fields of a document whose signature is verified. Certificates are in DER form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestationDocument {
    /// Which NSM issued it: `i-<instance>-enc<enclave>`.
    pub module_id: String,
    /// When.
    pub timestamp: UnixMillis,
    /// The locked registers.
    pub pcrs: BTreeMap<u8, Pcr>,
    /// The key the enclave asked to be included.
    pub public_key: Option<Vec<u8>>,
    /// The data the enclave asked to be included.
    pub user_data: Option<Vec<u8>>,
    /// The nonce the enclave asked to be included.
    pub nonce: Option<Vec<u8>>,
}

/// A document that is well formed; who signed it is not yet known.
pub(super) struct UnverifiedDocument {
    pub(super) content: AttestationDocument,
    /// The certificate of the key that signed the document.
    pub(super) certificate: Vec<u8>,
    /// The certificates from the root down to the issuer of `certificate`.
    pub(super) cabundle: Vec<Vec<u8>>,
}

impl UnverifiedDocument {
    pub(super) fn parse(payload: &[u8]) -> Result<Self, AttestationError> {
        let mut fields = Fields::read(payload)?;
        if fields.has("nitrotpm_pcrs") {
            return Err(AttestationError::OtherProduct("it carries the registers of a NitroTPM"));
        }
        if fields.required_text("digest")? != "SHA384" {
            return Err(AttestationError::Digest);
        }
        let content = AttestationDocument {
            module_id: read_module_id(fields.required_text("module_id")?)?,
            timestamp: UnixMillis(fields.required_unsigned("timestamp")?),
            pcrs: read_pcrs(fields.required("pcrs")?)?,
            public_key: fields.optional_bytes("public_key")?,
            user_data: fields.optional_bytes("user_data")?,
            nonce: fields.optional_bytes("nonce")?,
        };
        let certificate = fields.required_bytes("certificate")?;
        let cabundle = read_cabundle(fields.required("cabundle")?)?;
        fields.finish()?;
        content.check_lengths()?;
        Ok(Self { content, certificate, cabundle })
    }
}

impl AttestationDocument {
    fn check_lengths(&self) -> Result<(), AttestationError> {
        match &self.user_data {
            Some(data) if data.len() > MAX_USER_DATA => return Err(AttestationError::UserDataLength(data.len())),
            _ => {}
        }
        if self.nonce.as_ref().is_some_and(|nonce| nonce.len() > MAX_NONCE) {
            return Err(AttestationError::Nonce);
        }
        match &self.public_key {
            Some(key) if key.is_empty() || key.len() > MAX_PUBLIC_KEY => Err(AttestationError::PublicKeyType),
            _ => Ok(()),
        }
    }
}

fn read_module_id(module_id: String) -> Result<String, AttestationError> {
    match instance_id(&module_id) {
        Some(_) => Ok(module_id),
        None => Err(AttestationError::OtherProduct("its module_id is not that of an enclave")),
    }
}

/// The instance in the module id of an enclave, `i-<hex>-enc<hex>`.
pub(super) fn instance_id(module_id: &str) -> Option<&str> {
    let (instance, enclave) = module_id.split_once("-enc")?;
    let is_hex = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_hex(instance.strip_prefix("i-")?) && is_hex(enclave)).then_some(instance)
}

fn read_pcrs(value: Value) -> Result<BTreeMap<u8, Pcr>, AttestationError> {
    let Value::Map(entries) = value else { return Err(AttestationError::Cbor("pcrs is not a map")) };
    let read = |(index, value): (Value, Value)| {
        let index = unsigned(&index).ok_or(AttestationError::Cbor("a PCR index is not a number"))?;
        let small = u8::try_from(index).ok().filter(|_| index < PCR_COUNT).ok_or(AttestationError::PcrIndex(index))?;
        let Value::Bytes(bytes) = value else { return Err(AttestationError::Cbor("a PCR is not a byte string")) };
        let pcr: Pcr = <[u8; PCR_LEN]>::try_from(bytes).map_err(|_| AttestationError::PcrLength(small))?;
        Ok((small, pcr))
    };
    entries.into_iter().map(read).collect()
}

fn read_cabundle(value: Value) -> Result<Vec<Vec<u8>>, AttestationError> {
    let Value::Array(items) = value else { return Err(AttestationError::Cbor("cabundle is not an array")) };
    let read = |item| match item {
        Value::Bytes(der) => Ok(der),
        _ => Err(AttestationError::Cbor("a certificate is not a byte string")),
    };
    items.into_iter().map(read).collect()
}

/// The map of a payload, emptied field by field.
struct Fields(Vec<(String, Value)>);

impl Fields {
    fn read(payload: &[u8]) -> Result<Self, AttestationError> {
        let Value::Map(entries) = read_value(payload)? else {
            return Err(AttestationError::Cbor("the payload is not a map"));
        };
        let named = |(key, value)| match key {
            Value::Text(name) => Ok((name, value)),
            _ => Err(AttestationError::Cbor("a field has no text for a name")),
        };
        entries.into_iter().map(named).collect::<Result<_, _>>().map(Self)
    }

    /// Whether the field is there, be it null.
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(field, _)| field == name)
    }

    /// The field's value; a null counts as absent, since real documents write optional fields so.
    fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.0.iter().position(|(field, _)| field == name)?;
        Some(self.0.swap_remove(at).1).filter(|value| !value.is_null())
    }

    fn required(&mut self, name: &'static str) -> Result<Value, AttestationError> {
        self.take(name).ok_or(AttestationError::MissingField(name))
    }

    fn required_text(&mut self, name: &'static str) -> Result<String, AttestationError> {
        self.required(name)?.into_text().map_err(|_| AttestationError::Cbor("a text field is not a text"))
    }

    fn required_unsigned(&mut self, name: &'static str) -> Result<u64, AttestationError> {
        unsigned(&self.required(name)?).ok_or(AttestationError::Cbor("a number field is not a number"))
    }

    fn required_bytes(&mut self, name: &'static str) -> Result<Vec<u8>, AttestationError> {
        self.required(name)?.into_bytes().map_err(|_| AttestationError::Cbor("a byte field is not a byte string"))
    }

    fn optional_bytes(&mut self, name: &str) -> Result<Option<Vec<u8>>, AttestationError> {
        let bytes = self.take(name).map(Value::into_bytes).transpose();
        bytes.map_err(|_| AttestationError::Cbor("a byte field is not a byte string"))
    }

    /// A field that the enclave's documents don't have means that this is a document of something else.
    fn finish(self) -> Result<(), AttestationError> {
        match self.0.is_empty() {
            true => Ok(()),
            false => Err(AttestationError::OtherProduct("it has fields that an enclave's document does not have")),
        }
    }
}

fn unsigned(value: &Value) -> Option<u64> {
    value.as_integer().and_then(|number| u64::try_from(number).ok())
}
