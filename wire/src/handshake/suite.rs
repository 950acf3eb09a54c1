//! The one suite of version 1, and HPKE (RFC 9180) with it.

use hpke::aead::{AeadCtxR, AeadCtxS, AeadTag, AesGcm256};
use hpke::inout::InOutBuf;
use hpke::kdf::HkdfSha384;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};

use super::HandshakeError;
use crate::frame::TAG_LEN;
use crate::record::{DirectionSecret, SECRET_LEN};

/// DHKEM(X25519, HKDF-SHA256), HKDF-SHA384, AES-256-GCM; client signatures ECDSA P-384 with SHA-384; records as in
/// `docs/protocol.md`.
pub(super) const SUITE_1: u16 = 1;

/// Bytes of a session's public key and of an encapsulated key.
pub(super) const KEM_LEN: usize = 32;

const CLIENT_TO_ENGINE: &[u8] = b"casemate v1 client to engine";
const ENGINE_TO_CLIENT: &[u8] = b"casemate v1 engine to client";

/// The enclave's key pair for one session. Erased when dropped.
pub(super) struct SessionKey {
    private: <X25519HkdfSha256 as Kem>::PrivateKey,
    pub(super) public: [u8; KEM_LEN],
}

/// The secrets of a session's two directions.
pub(super) struct Directions {
    pub(super) client_to_engine: DirectionSecret,
    pub(super) engine_to_client: DirectionSecret,
}

impl SessionKey {
    pub(super) fn generate() -> Self {
        let (private, public) = X25519HkdfSha256::gen_keypair();
        Self { private, public: public.to_bytes().into() }
    }

    /// The context of the client that made `enc`. Consumes the key: it opens one session.
    pub(super) fn receive(self, enc: &[u8; KEM_LEN], info: &[u8]) -> Result<Receiver, HandshakeError> {
        let enc = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(enc).map_err(|_| HandshakeError::Sealed)?;
        hpke::setup_receiver::<AesGcm256, HkdfSha384, X25519HkdfSha256>(&OpModeR::Base, &self.private, &enc, info)
            .map(Receiver)
            .map_err(|_| HandshakeError::Sealed)
    }
}

/// The client's HPKE context.
pub(super) struct Sender(AeadCtxS<AesGcm256, HkdfSha384, X25519HkdfSha256>);

/// The engine's HPKE context.
pub(super) struct Receiver(AeadCtxR<AesGcm256, HkdfSha384, X25519HkdfSha256>);

impl Sender {
    /// Encapsulates to the enclave's key; gives `enc` too.
    pub(super) fn new(public: &[u8; KEM_LEN], info: &[u8]) -> Result<([u8; KEM_LEN], Self), HandshakeError> {
        let public = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(public).map_err(|_| HandshakeError::Sealed)?;
        let (enc, context) =
            hpke::setup_sender::<AesGcm256, HkdfSha384, X25519HkdfSha256>(&OpModeS::Base, &public, info)
                .map_err(|_| HandshakeError::Sealed)?;
        Ok((enc.to_bytes().into(), Self(context)))
    }

    /// Encrypts in place; gives the tag.
    pub(super) fn seal(&mut self, buffer: &mut [u8], aad: &[u8]) -> Result<[u8; TAG_LEN], HandshakeError> {
        let tag = self.0.seal_inout_detached(InOutBuf::from(buffer), aad).map_err(|_| HandshakeError::Sealed)?;
        Ok(tag.to_bytes().into())
    }

    pub(super) fn directions(&self) -> Result<Directions, HandshakeError> {
        directions(|label, out| self.0.export(label, out))
    }
}

impl Receiver {
    /// Decrypts in place.
    pub(super) fn open(&mut self, buffer: &mut [u8], tag: &[u8], aad: &[u8]) -> Result<(), HandshakeError> {
        let tag = AeadTag::<AesGcm256>::from_bytes(tag).map_err(|_| HandshakeError::Sealed)?;
        self.0.open_inout_detached(InOutBuf::from(buffer), aad, &tag).map_err(|_| HandshakeError::Sealed)
    }

    pub(super) fn directions(&self) -> Result<Directions, HandshakeError> {
        directions(|label, out| self.0.export(label, out))
    }
}

fn directions(export: impl Fn(&[u8], &mut [u8]) -> Result<(), hpke::HpkeError>) -> Result<Directions, HandshakeError> {
    let mut secrets = Directions {
        client_to_engine: DirectionSecret([0; SECRET_LEN]),
        engine_to_client: DirectionSecret([0; SECRET_LEN]),
    };
    export(CLIENT_TO_ENGINE, &mut secrets.client_to_engine.0).map_err(|_| HandshakeError::Sealed)?;
    export(ENGINE_TO_CLIENT, &mut secrets.engine_to_client.0).map_err(|_| HandshakeError::Sealed)?;
    Ok(secrets)
}
