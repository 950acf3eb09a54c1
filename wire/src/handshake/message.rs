//! The messages of the handshake as bytes.

use bytes::BufMut;
use zeroize::Zeroizing;

use super::suite::KEM_LEN;
use crate::attestation::document::MAX_DOCUMENT_BYTES;
use crate::codec::{Reader, put_short_text};
use crate::data_policy::DataPolicy;
use crate::frame::{SessionId, VERSION};
use crate::identity::{ClientPublicKey, PUBLIC_LEN, SIGNATURE_LEN};
use crate::keys::DataKeys;
use crate::record::padded_capacity;
use crate::{Error, Result};

/// Bytes of a client's nonce.
pub(super) const NONCE_LEN: usize = 32;

/// The most suites that a client may offer.
const MAX_SUITES: usize = 16;

/// `version u8 | count u8 | suites u16.. | nonce [32]`
pub(super) struct ClientHello {
    pub(super) version: u8,
    pub(super) suites: Vec<u16>,
    pub(super) nonce: [u8; NONCE_LEN],
}

impl ClientHello {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_u8(self.version);
        out.put_u8(self.suites.len() as u8);
        self.suites.iter().for_each(|&suite| out.put_u16(suite));
        out.put_slice(&self.nonce);
        out
    }

    /// Of another version, nothing but the version is read.
    pub(super) fn decode(payload: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(payload);
        let version = reader.u8()?;
        if version != VERSION {
            return Err(Error::UnknownVersion(version));
        }
        let count = usize::from(reader.u8()?);
        if count > MAX_SUITES {
            return Err(Error::Malformed("a hello offers too many suites"));
        }
        let suites = (0..count).map(|_| reader.u16()).collect::<Result<_>>()?;
        let hello = Self { version, suites, nonce: reader.array()? };
        reader.finish()?;
        Ok(hello)
    }
}

/// `version u8 | suite u16 | session [16] | public_key [32] | policy_hash [48] | document_len u32 | document`
pub(super) struct ServerHello {
    pub(super) version: u8,
    pub(super) suite: u16,
    pub(super) session: SessionId,
    pub(super) public_key: [u8; KEM_LEN],
    pub(super) policy_hash: [u8; 48],
    pub(super) document: Vec<u8>,
}

impl ServerHello {
    /// The bytes in front of the document's length, which the document attests.
    pub(super) fn encode_without_document(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_u8(self.version);
        out.put_u16(self.suite);
        out.put_slice(&self.session.0);
        out.put_slice(&self.public_key);
        out.put_slice(&self.policy_hash);
        out
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = self.encode_without_document();
        out.put_u32(self.document.len() as u32);
        out.put_slice(&self.document);
        out
    }

    pub(super) fn decode(payload: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(payload);
        let mut hello = Self {
            version: reader.u8()?,
            suite: reader.u16()?,
            session: SessionId(reader.array()?),
            public_key: reader.array()?,
            policy_hash: reader.array()?,
            document: Vec::new(),
        };
        let len = reader.u32()? as usize;
        if len > MAX_DOCUMENT_BYTES {
            return Err(Error::Malformed("an attestation document is longer than 16 KiB"));
        }
        hello.document = reader.bytes(len)?.to_vec();
        reader.finish()?;
        Ok(hello)
    }
}

/// The sealed part of ClientAuth: `identity [49] | signature [96] | data keys | data policy`.
pub(super) struct ClientAuth {
    pub(super) identity: ClientPublicKey,
    pub(super) signature: [u8; SIGNATURE_LEN],
    pub(super) data_keys: DataKeys,
    pub(super) data_policy: DataPolicy,
}

impl ClientAuth {
    /// Sized once and for its padding too, so that no copy of a key stays behind in a freed buffer.
    pub(super) fn encode(
        identity: &ClientPublicKey,
        signature: &[u8; SIGNATURE_LEN],
        data_keys: &DataKeys,
        data_policy: &DataPolicy,
    ) -> Zeroizing<Vec<u8>> {
        let data_policy = data_policy.encode();
        let len = PUBLIC_LEN + SIGNATURE_LEN + data_keys.encoded_len() + data_policy.len();
        let mut out = Zeroizing::new(Vec::with_capacity(padded_capacity(len)));
        out.put_slice(&identity.to_bytes());
        out.put_slice(signature);
        data_keys.encode(&mut out);
        out.put_slice(&data_policy);
        out
    }

    pub(super) fn decode(content: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(content);
        let identity = ClientPublicKey::from_bytes(reader.bytes(PUBLIC_LEN)?)?;
        let auth = Self {
            identity,
            signature: reader.array()?,
            data_keys: DataKeys::decode(&mut reader)?,
            data_policy: DataPolicy::decode(&mut reader)?,
        };
        reader.finish()?;
        Ok(auth)
    }
}

/// The sealed content of Accept: `name_len u16 | name`, the name that the access file gives the client.
pub(super) struct Accept {
    pub(super) client_name: String,
}

impl Accept {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_short_text(&mut out, &self.client_name);
        out
    }

    pub(super) fn decode(content: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(content);
        let accept = Self { client_name: reader.short_text()?.to_owned() };
        reader.finish()?;
        Ok(accept)
    }
}
