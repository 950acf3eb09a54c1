//! The engine's side of the handshake: hello read, document made, client checked, session.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::HandshakeError;
use super::message::{Accept, ClientAuth, ClientHello, ServerHello};
use super::suite::{Directions, KEM_LEN, SUITE_1, SessionKey};
use super::transcript::{self, Hash};
use crate::Error;
use crate::access_file::{AccessPolicy, Client, policy_hash};
use crate::attestation::{Nsm, NsmError};
use crate::data_policy::DataPolicy;
use crate::frame::{Frame, FrameType, SessionId, TAG_LEN, VERSION};
use crate::identity::ClientPublicKey;
use crate::keys::DataKeys;
use crate::record::{Opener, Sealer, content_len};

/// What an engine brings to every handshake.
#[derive(Clone)]
pub struct ServerOptions {
    pub(super) nsm: Arc<dyn Nsm>,
    pub(super) access: Arc<AccessPolicy>,
    pub(super) policy_hash: [u8; 48],
}

impl ServerOptions {
    /// The module that attests, and who may use the engine.
    pub fn new(nsm: Arc<dyn Nsm>, access: Arc<AccessPolicy>) -> Self {
        let policy_hash = policy_hash(&access);
        Self { nsm, access, policy_hash }
    }
}

/// An engine that has read the client's hello and needs a document.
pub(super) struct HelloRead {
    client_hello: Vec<u8>,
    nonce: [u8; 32],
    server_hello: ServerHello,
    key: SessionKey,
}

/// An engine that waits for the client's identity.
pub(super) struct HelloSent {
    hellos: Hash,
    session: SessionId,
    key: SessionKey,
}

/// What an engine's session is made of.
pub(super) struct Authenticated {
    pub(super) session: SessionId,
    pub(super) client: Client,
    pub(super) client_key: ClientPublicKey,
    pub(super) data_keys: DataKeys,
    pub(super) data_policy: DataPolicy,
    pub(super) control: Opener,
    pub(super) directions: Directions,
}

impl HelloRead {
    /// Reads the client's hello and makes a fresh session: id and key pair.
    pub(super) fn start(payload: Vec<u8>, policy_hash: [u8; 48]) -> Result<Self, HandshakeError> {
        let hello = match ClientHello::decode(&payload) {
            Err(Error::UnknownVersion(_)) => return Err(HandshakeError::Unsupported),
            other => other?,
        };
        if !hello.suites.contains(&SUITE_1) {
            return Err(HandshakeError::Unsupported);
        }
        let mut session = SessionId::NONE;
        getrandom::fill(&mut session.0).map_err(Error::from)?;
        let key = SessionKey::generate();
        let server_hello = ServerHello {
            version: VERSION,
            suite: SUITE_1,
            session,
            public_key: key.public,
            policy_hash,
            document: Vec::new(),
        };
        Ok(Self { client_hello: payload, nonce: hello.nonce, server_hello, key })
    }

    /// Asks the module for the document of this session. Blocks for as long as the module does.
    pub(super) fn attest(mut self, nsm: &dyn Nsm) -> Result<(HelloSent, Vec<u8>), NsmError> {
        let user_data = transcript::attested(&self.client_hello, &self.server_hello.encode_without_document());
        self.server_hello.document = nsm.attest(&user_data, &self.nonce, &self.key.public)?;
        let payload = self.server_hello.encode();
        let sent = HelloSent {
            hellos: transcript::hellos(&self.client_hello, &payload),
            session: self.server_hello.session,
            key: self.key,
        };
        Ok((sent, payload))
    }
}

impl HelloSent {
    /// Opens the client's identity and keys, and checks them. Consumes the session's private key, whatever comes out.
    pub(super) fn authenticate(
        self,
        frame: Frame,
        access: &AccessPolicy,
    ) -> Result<(Authenticated, Frame), HandshakeError> {
        if frame.header.session != self.session {
            return Err(HandshakeError::Sealed);
        }
        let binding = transcript::session(&self.hellos, &frame.payload);
        let aad = frame.header.to_bytes();
        let mut sealed = Zeroizing::new(frame.payload);
        let (enc, rest) = sealed.split_first_chunk_mut::<KEM_LEN>().ok_or(HandshakeError::Sealed)?;
        let (content, tag) = rest.split_last_chunk_mut::<TAG_LEN>().ok_or(HandshakeError::Sealed)?;
        let mut hpke = self.key.receive(enc, &self.hellos)?;
        hpke.open(content, tag, &aad)?;
        let content = content.get(..content_len(content)?).ok_or(HandshakeError::Sealed)?;
        let ClientAuth { identity, signature, data_keys, data_policy } = ClientAuth::decode(content)?;

        let signed = transcript::signed(&self.hellos, enc, &identity.to_bytes());
        let client = access.client(&identity).filter(|_| identity.verify(&signed, &signature));
        let client = client.ok_or(HandshakeError::Denied)?.clone();

        let directions = hpke.directions()?;
        let mut accept = Sealer::new(directions.engine_to_client.stream(self.session, 0, &binding));
        let mut payload = Accept { client_name: client.name.clone() }.encode();
        let header = accept.seal(FrameType::Accept, false, &mut payload)?;
        let control = Opener::new(directions.client_to_engine.stream(self.session, 0, &binding));
        let authenticated = Authenticated {
            session: self.session,
            client,
            client_key: identity,
            data_keys,
            data_policy,
            control,
            directions,
        };
        Ok((authenticated, Frame { header, payload }))
    }
}
