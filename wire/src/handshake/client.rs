//! The client's side of the handshake: hello sent, engine verified, identity sent, session.

use zeroize::Zeroizing;

use super::HandshakeError;
use super::inspect::Inspection;
use super::message::{Accept, ClientAuth, ClientHello, NONCE_LEN, ServerHello};
use super::suite::{Directions, KEM_LEN, SUITE_1, Sender};
use super::transcript::{self, Hash};
use crate::attestation::{AttestationError, Expected, TrustPolicy, VerifiedDocument, verify};
use crate::data_policy::DataPolicy;
use crate::frame::{Frame, FrameHeader, FrameType, SessionId, TAG_LEN, VERSION};
use crate::identity::ClientIdentity;
use crate::keys::DataKeys;
use crate::record::{Opener, Sealer, pad};
use crate::{Clock, Error, UnixMillis};

/// What a client brings to a handshake.
pub struct ClientOptions<'a> {
    /// Who it is.
    pub identity: &'a ClientIdentity,
    /// The keys that the session's queries may need.
    pub data_keys: &'a DataKeys,
    /// Which tables the session's queries may read.
    pub data_policy: &'a DataPolicy,
    /// Which enclaves it accepts.
    pub trust: &'a TrustPolicy,
    /// The time to judge the attestation document by.
    pub clock: &'a Clock,
}

/// The check of an attestation document.
type DocumentVerifier =
    fn(&[u8], &Expected<'_>, &TrustPolicy, UnixMillis) -> Result<VerifiedDocument, AttestationError>;

/// A client that waits for the engine's hello.
pub(super) struct HelloSent {
    hello: Vec<u8>,
    nonce: [u8; NONCE_LEN],
}

/// A client that knows whom it talks to, and has sent nothing secret yet.
pub(super) struct EngineVerified {
    hellos: Hash,
    session: SessionId,
    public_key: [u8; KEM_LEN],
    attested: VerifiedDocument,
}

/// A client that waits to be accepted.
pub(super) struct AuthSent {
    session: SessionId,
    attested: VerifiedDocument,
    control: Sealer,
    accept: Opener,
    directions: Directions,
}

/// What a client's session is made of.
pub(super) struct Accepted {
    pub(super) session: SessionId,
    pub(super) attested: VerifiedDocument,
    pub(super) client_name: String,
    pub(super) control: Sealer,
    pub(super) directions: Directions,
}

impl HelloSent {
    /// The first message.
    pub(super) fn start() -> Result<(Self, Vec<u8>), HandshakeError> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(Error::from)?;
        let hello = ClientHello { version: VERSION, suites: vec![SUITE_1], nonce }.encode();
        Ok((Self { hello: hello.clone(), nonce }, hello))
    }

    /// Checks the engine's hello: version and suite are the offered ones, the document is genuine and fits.
    pub(super) fn verify(
        self,
        payload: &[u8],
        trust: &TrustPolicy,
        now: UnixMillis,
    ) -> Result<EngineVerified, HandshakeError> {
        self.verify_by(verify, payload, trust, now)
    }

    /// The same for an engine whose document nobody has signed. Proves nothing.
    #[cfg(feature = "emulated-nsm")]
    pub(super) fn verify_emulated(
        self,
        payload: &[u8],
        trust: &TrustPolicy,
        now: UnixMillis,
    ) -> Result<EngineVerified, HandshakeError> {
        self.verify_by(crate::attestation::emulated::verify_unsigned, payload, trust, now)
    }

    fn verify_by(
        self,
        verify: DocumentVerifier,
        payload: &[u8],
        trust: &TrustPolicy,
        now: UnixMillis,
    ) -> Result<EngineVerified, HandshakeError> {
        let hello = ServerHello::decode(payload)?;
        if hello.version != VERSION || hello.suite != SUITE_1 {
            return Err(HandshakeError::Downgrade);
        }
        let user_data = transcript::attested(&self.hello, &hello.encode_without_document());
        let expected = Expected { nonce: &self.nonce, public_key: &hello.public_key, user_data: &user_data };
        let attested = verify(&hello.document, &expected, trust, now)?;
        if !trust.policy_hashes.is_empty() && !trust.policy_hashes.contains(&hello.policy_hash) {
            return Err(HandshakeError::PolicyHash(hex::encode(hello.policy_hash)));
        }
        Ok(EngineVerified {
            hellos: transcript::hellos(&self.hello, payload),
            session: hello.session,
            public_key: hello.public_key,
            attested,
        })
    }
}

impl HelloSent {
    /// Reads the engine's hello and verifies nothing.
    pub(super) fn inspect(self, payload: &[u8]) -> Result<Inspection, HandshakeError> {
        let hello = ServerHello::decode(payload)?;
        let user_data = transcript::attested(&self.hello, &hello.encode_without_document());
        Ok(Inspection {
            policy_hash: hello.policy_hash,
            document: hello.document,
            nonce: self.nonce,
            public_key: hello.public_key,
            user_data,
        })
    }
}

impl EngineVerified {
    /// Seals identity, data keys and data policy to the enclave.
    pub(super) fn authenticate(
        self,
        identity: &ClientIdentity,
        data_keys: &DataKeys,
        data_policy: &DataPolicy,
    ) -> Result<(AuthSent, Frame), HandshakeError> {
        data_policy.check()?;
        let (enc, mut hpke) = Sender::new(&self.public_key, &self.hellos)?;
        let public = identity.public();
        let signature = identity.sign(&transcript::signed(&self.hellos, &enc, &public.to_bytes()));
        let mut content = ClientAuth::encode(&public, &signature, data_keys, data_policy);
        pad(&mut content)?;
        let frame = seal_auth(self.session, &enc, &mut hpke, content)?;

        let directions = hpke.directions()?;
        let binding = transcript::session(&self.hellos, &frame.payload);
        let sent = AuthSent {
            session: self.session,
            attested: self.attested,
            control: Sealer::new(directions.client_to_engine.stream(self.session, 0, &binding)),
            accept: Opener::new(directions.engine_to_client.stream(self.session, 0, &binding)),
            directions,
        };
        Ok((sent, frame))
    }
}

/// `enc || sealed content || tag`, with the frame's header as associated data.
fn seal_auth(
    session: SessionId,
    enc: &[u8; KEM_LEN],
    hpke: &mut Sender,
    mut content: Zeroizing<Vec<u8>>,
) -> Result<Frame, HandshakeError> {
    let len = KEM_LEN + content.len() + TAG_LEN;
    let header = FrameHeader { session, ..FrameHeader::plaintext(FrameType::ClientAuth, len as u32) };
    let tag = hpke.seal(&mut content, &header.to_bytes())?;
    let payload = [enc, &content[..], &tag].concat();
    Ok(Frame { header, payload })
}

impl AuthSent {
    /// Opens the engine's answer.
    pub(super) fn accepted(mut self, frame: Frame) -> Result<Accepted, HandshakeError> {
        let Frame { header, payload: mut content } = frame;
        self.accept.open(&header, &mut content)?;
        let Accept { client_name } = Accept::decode(&content)?;
        Ok(Accepted {
            session: self.session,
            attested: self.attested,
            client_name,
            control: self.control,
            directions: self.directions,
        })
    }
}
