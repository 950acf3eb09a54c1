//! Handshakes that somebody in the middle, or one of the two sides, tries to bend.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::client::HelloSent as ClientHelloSent;
use super::message::{Accept, ClientAuth, ClientHello, ServerHello};
use super::server::{Authenticated, HelloRead, HelloSent};
use super::suite::Sender;
use super::*;
use crate::Error;
use crate::access_file::policy_hash;
use crate::attestation::{AttestationError, TrustPolicy, verify};
use crate::codec::Reader;
use crate::frame::{Frame, FrameHeader, FrameType, StatusCode, write_status};
use crate::identity::ClientIdentity;
use crate::record::pad;
use crate::test_random::TestRandom;
use crate::test_session::{CLOCK, NOW, World, world};

type Failure = HandshakeError;

type Change<'a, T> = Option<&'a dyn Fn(&mut T)>;

/// The messages of one handshake pass through here, and may be changed.
#[derive(Default)]
struct Middle<'a> {
    client_hello: Change<'a, Vec<u8>>,
    server_hello: Change<'a, Vec<u8>>,
    client_auth: Change<'a, Frame>,
    accept: Change<'a, Frame>,
}

fn change<T>(how: Change<'_, T>, what: &mut T) {
    if let Some(how) = how {
        how(what);
    }
}

fn engine_answers(mut client_hello: Vec<u8>, middle: &Middle<'_>) -> Result<(HelloSent, Vec<u8>), Failure> {
    change(middle.client_hello, &mut client_hello);
    let state = HelloRead::start(client_hello, policy_hash(&world().access))?;
    let (state, mut server_hello) = state.attest(world().nsm.as_ref())?;
    change(middle.server_hello, &mut server_hello);
    Ok((state, server_hello))
}

/// A whole handshake without a connection, up to the first refusal of either side.
fn shake(middle: &Middle<'_>) -> Result<(client::Accepted, Authenticated), Failure> {
    let World { identity, data_keys, data_policy, trust, access, .. } = world();
    let (client, hello) = ClientHelloSent::start()?;
    let (server, server_hello) = engine_answers(hello, middle)?;
    let (client, mut auth) =
        client.verify(&server_hello, trust, NOW)?.authenticate(identity, data_keys, data_policy)?;
    change(middle.client_auth, &mut auth);
    let (server, mut accept) = server.authenticate(auth, access)?;
    change(middle.accept, &mut accept);
    Ok((client.accepted(accept)?, server))
}

fn refused(middle: &Middle<'_>) -> Failure {
    shake(middle).err().expect("this handshake must fail")
}

#[test]
fn both_sides_agree_on_the_session_and_the_engine_learns_who_and_with_which_keys() {
    let (client, server) = shake(&Middle::default()).unwrap();
    assert_eq!(client.session, server.session);
    assert_eq!((client.client_name.as_str(), server.client.name.as_str()), ("alice", "alice"));
    assert_eq!(server.client_key, world().identity.public());
    assert_eq!(server.data_keys.get("tables").unwrap().as_bytes(), [42; 32]);
    assert_eq!(server.data_policy, world().data_policy);
    assert_eq!(client.directions.engine_to_client.0, server.directions.engine_to_client.0);
    assert_eq!(client.directions.client_to_engine.0, server.directions.client_to_engine.0);
    assert_ne!(client.directions.client_to_engine.0, client.directions.engine_to_client.0);
    assert!(client.attested.simulated);
}

#[test]
fn every_session_has_its_own_id_and_keys() {
    let (first, second) = (shake(&Middle::default()).unwrap().0, shake(&Middle::default()).unwrap().0);
    assert_ne!(first.session, second.session);
    assert_ne!(first.directions.engine_to_client.0, second.directions.engine_to_client.0);
}

#[test]
fn a_client_hello_changed_on_the_way_is_noticed() {
    let len = ClientHelloSent::start().unwrap().1.len();
    for at in 0..len {
        let failure = refused(&Middle { client_hello: Some(&|hello| hello[at] ^= 1), ..Middle::default() });
        let noticed = matches!(
            failure,
            Failure::Unsupported
                | Failure::Connection(_)
                | Failure::Attestation(AttestationError::Nonce | AttestationError::UserData)
        );
        assert!(noticed, "byte {at}: {failure:?}");
    }
}

#[test]
fn suites_added_or_taken_away_on_the_way_are_noticed() {
    // An offer of two suites, of which the engine is shown one: it attests what it saw.
    let shown_more = |hello: &mut Vec<u8>| {
        hello[1] += 1;
        hello.splice(2..2, [0xff, 0x00]);
    };
    let failure = refused(&Middle { client_hello: Some(&shown_more), ..Middle::default() });
    assert!(matches!(failure, Failure::Attestation(AttestationError::UserData)), "{failure:?}");
}

#[test]
fn a_server_hello_changed_on_the_way_is_noticed() {
    let fixed = 1 + 2 + 16 + 32 + 48 + 4;
    for at in (0..fixed).chain((fixed..2000).step_by(211)) {
        let failure = refused(&Middle { server_hello: Some(&|hello| hello[at] ^= 1), ..Middle::default() });
        let noticed = matches!(failure, Failure::Downgrade | Failure::Connection(_) | Failure::Attestation(_));
        assert!(noticed, "byte {at}: {failure:?}");
    }
}

#[test]
fn a_version_or_suite_that_was_not_offered_is_refused_as_a_downgrade() {
    for at in [0, 2] {
        let failure = refused(&Middle { server_hello: Some(&|hello| hello[at] = 0), ..Middle::default() });
        assert!(matches!(failure, Failure::Downgrade), "{failure:?}");
    }
}

#[test]
fn an_engine_without_a_common_version_or_suite_says_so() {
    let (_, hello) = ClientHelloSent::start().unwrap();
    let with = |at: usize, value: u8| {
        let mut hello = hello.clone();
        hello[at] = value;
        HelloRead::start(hello, [0; 48]).err().unwrap()
    };
    assert!(matches!(with(0, 2), Failure::Unsupported));
    assert!(matches!(with(3, 9), Failure::Unsupported));
}

#[test]
fn a_key_put_in_place_of_the_enclave_s_is_refused() {
    // Somebody in the middle who wants to read what the client seals.
    let own = suite::SessionKey::generate().public;
    let swap = |hello: &mut Vec<u8>| hello[19..51].copy_from_slice(&own);
    let failure = refused(&Middle { server_hello: Some(&swap), ..Middle::default() });
    assert!(matches!(failure, Failure::Attestation(AttestationError::UserData)), "{failure:?}");
}

#[test]
fn the_hello_of_another_handshake_is_refused() {
    // A stale document, or the relay of another enclave's.
    let (_, other) = ClientHelloSent::start().unwrap();
    let (_, foreign) = engine_answers(other, &Middle::default()).unwrap();
    let failure = refused(&Middle { server_hello: Some(&|hello| hello.clone_from(&foreign)), ..Middle::default() });
    assert!(matches!(failure, Failure::Attestation(AttestationError::Nonce)), "{failure:?}");
}

#[test]
fn an_access_policy_that_the_client_does_not_accept_is_refused() {
    let (client, hello) = ClientHelloSent::start().unwrap();
    let (_, server_hello) = engine_answers(hello, &Middle::default()).unwrap();
    let strict = TrustPolicy { policy_hashes: vec![[9; 48]], ..world().trust.clone() };
    assert!(matches!(client.verify(&server_hello, &strict, NOW), Err(Failure::PolicyHash(_))));

    let (client, hello) = ClientHelloSent::start().unwrap();
    let (_, server_hello) = engine_answers(hello, &Middle::default()).unwrap();
    let accepting = TrustPolicy { policy_hashes: vec![policy_hash(&world().access)], ..world().trust.clone() };
    assert!(client.verify(&server_hello, &accepting, NOW).is_ok());
}

#[test]
fn a_client_auth_changed_anywhere_does_not_open() {
    for at in [0, 31, 32, 100, 4000, 4143] {
        let failure = refused(&Middle { client_auth: Some(&|auth| auth.payload[at] ^= 1), ..Middle::default() });
        assert!(matches!(failure, Failure::Sealed), "byte {at}: {failure:?}");
    }
    for len in [0, 31, 32, 47, 48, 100] {
        let failure = refused(&Middle { client_auth: Some(&|auth| auth.payload.truncate(len)), ..Middle::default() });
        assert!(matches!(failure, Failure::Sealed), "length {len}: {failure:?}");
    }
}

#[test]
fn a_client_auth_under_another_header_does_not_open() {
    let headers: [&dyn Fn(&mut FrameHeader); 4] =
        [&|h| h.session.0[0] ^= 1, &|h| h.stream = 1, &|h| h.seq = 1, &|h| h.last = true];
    for header in headers {
        let failure = refused(&Middle { client_auth: Some(&|auth| header(&mut auth.header)), ..Middle::default() });
        assert!(matches!(failure, Failure::Sealed), "{failure:?}");
    }
}

#[test]
fn a_client_auth_of_another_session_does_not_open() {
    let World { identity, data_keys, data_policy, trust, .. } = world();
    let (client, hello) = ClientHelloSent::start().unwrap();
    let (_, server_hello) = engine_answers(hello, &Middle::default()).unwrap();
    let verified = client.verify(&server_hello, trust, NOW).unwrap();
    let (_, recorded) = verified.authenticate(identity, data_keys, data_policy).unwrap();
    for relabel in [false, true] {
        let replay = |auth: &mut Frame| {
            auth.payload.clone_from(&recorded.payload);
            if !relabel {
                auth.header = recorded.header;
            }
        };
        let failure = refused(&Middle { client_auth: Some(&replay), ..Middle::default() });
        assert!(matches!(failure, Failure::Sealed), "{failure:?}");
    }
}

/// What an engine says to a client that seals `content` after a proper exchange of hellos; the content is made from
/// the hellos' hash and the encapsulated key.
fn authenticate_with(content: impl Fn(&transcript::Hash, &[u8; 32]) -> Vec<u8>) -> Result<(), Failure> {
    let (_, hello) = ClientHelloSent::start().unwrap();
    let (server, server_hello) = engine_answers(hello.clone(), &Middle::default()).unwrap();
    let parsed = ServerHello::decode(&server_hello).unwrap();
    let hellos = transcript::hellos(&hello, &server_hello);
    let (enc, mut hpke) = Sender::new(&parsed.public_key, &hellos).unwrap();
    let mut content = content(&hellos, &enc);
    pad(&mut content).unwrap();
    let len = (32 + content.len() + 16) as u32;
    let header = FrameHeader { session: parsed.session, ..FrameHeader::plaintext(FrameType::ClientAuth, len) };
    let tag = hpke.seal(&mut content, &header.to_bytes()).unwrap();
    let payload = [&enc[..], &content, &tag].concat();
    server.authenticate(Frame { header, payload }, &world().access).map(drop)
}

#[test]
fn a_client_that_the_access_file_does_not_name_is_denied() {
    let mallory = ClientIdentity::generate().unwrap();
    let denied = authenticate_with(|hellos, enc| {
        let signed = transcript::signed(hellos, enc, &mallory.public().to_bytes());
        ClientAuth::encode(&mallory.public(), &mallory.sign(&signed), &world().data_keys, &world().data_policy).to_vec()
    });
    assert!(matches!(denied, Err(Failure::Denied)));
}

#[test]
fn a_client_that_names_a_key_it_does_not_have_is_denied() {
    let (mallory, alice) = (ClientIdentity::generate().unwrap(), world().identity.public());
    let denied = authenticate_with(|hellos, enc| {
        let signed = transcript::signed(hellos, enc, &alice.to_bytes());
        ClientAuth::encode(&alice, &mallory.sign(&signed), &world().data_keys, &world().data_policy).to_vec()
    });
    assert!(matches!(denied, Err(Failure::Denied)));
}

#[test]
fn a_signature_of_another_handshake_is_denied() {
    let alice = &world().identity;
    for (other_hellos, other_enc) in [(true, false), (false, true)] {
        let denied = authenticate_with(|hellos, enc| {
            let hellos = if other_hellos { [7; 48] } else { *hellos };
            let enc = if other_enc { [7; 32] } else { *enc };
            let signed = transcript::signed(&hellos, &enc, &alice.public().to_bytes());
            ClientAuth::encode(&alice.public(), &alice.sign(&signed), &world().data_keys, &world().data_policy).to_vec()
        });
        assert!(matches!(denied, Err(Failure::Denied)));
    }
}

#[test]
fn an_accept_that_was_changed_does_not_open() {
    let changes: [&dyn Fn(&mut Frame); 4] = [
        &|accept| accept.payload[0] ^= 1,
        &|accept| accept.header.session.0[15] ^= 1,
        &|accept| accept.header.seq = 1,
        &|accept| accept.header.epoch = 1,
    ];
    for change in changes {
        let failure = refused(&Middle { accept: Some(change), ..Middle::default() });
        assert!(matches!(failure, Failure::Connection(Error::Unsealing)), "{failure:?}");
    }
}

#[tokio::test]
async fn nothing_but_the_hello_leaves_a_client_before_the_engine_is_verified() {
    let (near, mut far) = tokio::io::duplex(1 << 16);
    let stranger = World::new();
    let hostile = async {
        let hello = crate::frame::read_frame(&mut far, |_| true).await.unwrap();
        let state = HelloRead::start(hello.payload, [0; 48]).unwrap();
        let (_, answer) = state.attest(stranger.nsm.as_ref()).unwrap();
        let header = FrameHeader::plaintext(FrameType::ServerHello, answer.len() as u32);
        crate::frame::write_frame(&mut far, &header, &answer).await.unwrap();
        let mut rest = Vec::new();
        far.read_to_end(&mut rest).await.unwrap();
        rest
    };
    let (refused, rest) = tokio::join!(connect(near, world().client()), hostile);
    assert!(matches!(refused, Err(Failure::Attestation(AttestationError::UntrustedRoot(_)))));
    assert!(rest.is_empty());
}

#[tokio::test]
async fn a_status_instead_of_an_answer_is_reported() {
    for status in [StatusCode::Busy, StatusCode::Denied, StatusCode::UnsupportedVersion, StatusCode::Unavailable] {
        let (near, far) = tokio::io::duplex(1 << 16);
        let (refused, _) = tokio::join!(connect(near, world().client()), refuse(far, status));
        assert!(matches!(refused, Err(Failure::Connection(Error::Status(code))) if code == status));
    }
}

#[tokio::test]
async fn a_denied_client_is_told_one_byte() {
    let (near, far) = tokio::io::duplex(1 << 16);
    let stranger = ClientIdentity::generate().unwrap();
    let options = ClientOptions { identity: &stranger, ..world().client() };
    let engine = world().server();
    let (client, server) = tokio::join!(connect(near, options), accept(far, &engine));
    assert!(matches!(server, Err(Failure::Denied)));
    assert!(matches!(client, Err(Failure::Connection(Error::Status(StatusCode::Denied)))));
}

#[tokio::test]
async fn an_engine_answers_garbage_with_bad_frame_and_another_version_with_that() {
    let cases: [(&[u8], StatusCode); 4] = [
        (&[1; 44], StatusCode::BadFrame),
        (&[9; 44], StatusCode::UnsupportedVersion),
        (&FrameHeader::plaintext(FrameType::Control, 0).to_bytes(), StatusCode::BadFrame),
        (&FrameHeader::plaintext(FrameType::ClientHello, 0).to_bytes(), StatusCode::BadFrame),
    ];
    for (bytes, expected) in cases {
        let (mut near, far) = tokio::io::duplex(1 << 16);
        near.write_all(bytes).await.unwrap();
        assert!(accept(far, &world().server()).await.is_err());
        let mut answer = Vec::new();
        near.read_to_end(&mut answer).await.unwrap();
        let mut status = Vec::new();
        write_status(&mut status, expected).await.unwrap();
        assert_eq!(answer, status);
    }
}

#[tokio::test]
async fn a_client_that_goes_away_in_the_middle_is_an_error_and_nothing_more() {
    let (mut near, far) = tokio::io::duplex(1 << 16);
    let (_, hello) = ClientHelloSent::start().unwrap();
    let header = FrameHeader::plaintext(FrameType::ClientHello, hello.len() as u32);
    crate::frame::write_frame(&mut near, &header, &hello).await.unwrap();
    near.shutdown().await.unwrap();
    assert!(matches!(accept(far, &world().server()).await, Err(Failure::Connection(Error::Closed))));
}

#[tokio::test]
async fn an_inspection_carries_what_verifies_its_document() {
    let (near, far) = tokio::io::duplex(1 << 16);
    let engine = world().server();
    let (seen, _) = tokio::join!(inspect(near), accept(far, &engine));
    let seen = seen.unwrap();
    assert_eq!(seen.policy_hash, policy_hash(&world().access));
    verify(&seen.document, &seen.expected(), &world().trust, CLOCK()).unwrap();
}

#[test]
fn hostile_messages_never_panic() {
    let (_, client_hello) = ClientHelloSent::start().unwrap();
    let (_, server_hello) = engine_answers(client_hello.clone(), &Middle::default()).unwrap();
    let auth = ClientAuth::encode(&world().identity.public(), &[1; 96], &world().data_keys, &world().data_policy);
    let mut random = TestRandom::new(7);
    for _ in 0..5000 {
        let _ = ClientHello::decode(&random.mutate(&client_hello));
        let _ = ServerHello::decode(&random.mutate(&server_hello));
        let _ = ClientAuth::decode(&random.mutate(&auth));
        let _ = Accept::decode(&random.bytes(20));
        let _ = crate::keys::DataKeys::decode(&mut Reader::new(&random.bytes(60)));
    }
}
