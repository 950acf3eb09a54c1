//! Engines that can't prove what they are: each is refused for its reason, and no key leaves the client.

use std::sync::{Arc, Mutex};

use casemate_host::HostError;
use casemate_host::client::Client;
use casemate_host::files::Keys;
use casemate_tests::engines::{self, Folder, LocalEngine, PCRS};
use casemate_tests::meddler::{Meddler, Toward, pass};
use casemate_tests::soon;
use casemate_wire::attestation::{AttestationError, Nsm, NsmError, SimulatedNsm, TrustPolicy, TrustedRoot};
use casemate_wire::frame::{Frame, FrameType};
use casemate_wire::handshake::HandshakeError;

use crate::small_tables;

const ZERO: [u8; 48] = [0; 48];

/// An engine with a way for the test to see which frames the client sends it.
struct Watched {
    _engine: LocalEngine,
    meddler: Meddler,
    sent: Arc<Mutex<Vec<FrameType>>>,
    keys: Keys,
}

impl Watched {
    async fn start(nsm: impl Nsm + 'static) -> Self {
        let keys = engines::keys();
        let engine = LocalEngine::start(nsm, engines::access(&keys), Folder::new(&small_tables()), |_| ()).await;
        let sent = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&sent);
        let meddler = Meddler::start(engine.address.clone(), move |_| {
            let record = Arc::clone(&record);
            move |toward: Toward, frame: &Frame| {
                if toward == Toward::Engine {
                    record.lock().unwrap().push(frame.header.kind);
                }
                pass(frame)
            }
        })
        .await;
        Self { _engine: engine, meddler, sent, keys }
    }

    async fn connect(&self, trust: &TrustPolicy) -> Result<Client, HostError> {
        soon("a session or a refusal", Client::connect(&self.meddler.address, &self.keys, trust)).await
    }

    /// The reason for which the client refuses; it must not have sent more than its hello.
    async fn refusal(&self, trust: &TrustPolicy) -> HandshakeError {
        let refused = self.connect(trust).await;
        assert_eq!(*self.sent.lock().unwrap(), [FrameType::ClientHello], "identity and keys stay with the client");
        match refused {
            Err(HostError::Handshake(error)) => error,
            Err(other) => panic!("another error: {other:?}"),
            Ok(_) => panic!("a session with an engine that proved nothing"),
        }
    }

    async fn attestation_refusal(&self, trust: &TrustPolicy) -> AttestationError {
        match self.refusal(trust).await {
            HandshakeError::Attestation(error) => error,
            other => panic!("another reason: {other:?}"),
        }
    }
}

/// An NSM of an honest engine whose requests a parent changed: the document is genuine, but made for somebody else.
struct Substituted<F>(SimulatedNsm, F);

/// User data, nonce and public key of a request to an NSM.
type Request = [Vec<u8>; 3];

impl<F: Fn(&mut Request) + Send + Sync> Nsm for Substituted<F> {
    fn attest(&self, user_data: &[u8], nonce: &[u8], public_key: &[u8]) -> Result<Vec<u8>, NsmError> {
        let mut request = [user_data.to_vec(), nonce.to_vec(), public_key.to_vec()];
        (self.1)(&mut request);
        let [user_data, nonce, public_key] = &request;
        self.0.attest(user_data, nonce, public_key)
    }

    fn is_simulated(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn an_engine_that_the_trust_policy_names_is_accepted() {
    let nsm = engines::simulated_nsm(PCRS, 0);
    let trust = engines::trust(&nsm);
    let engine = Watched::start(nsm).await;
    let client = engine.connect(&trust).await.unwrap();
    assert!(client.attested().simulated);
    assert_eq!(client.attested().pcr_set.as_deref(), Some("test"));
    assert_eq!(engine.sent.lock().unwrap()[..2], [FrameType::ClientHello, FrameType::ClientAuth]);
}

#[tokio::test]
async fn a_debug_enclave_is_refused_even_if_its_zeros_are_in_the_policy() {
    for zeroed in 0..3_u8 {
        let nsm = engines::simulated_nsm(PCRS.map(|(index, pcr)| (index, if index == zeroed { ZERO } else { pcr })), 0);
        let mut trust = engines::trust(&nsm);
        trust.pcr_sets[0].pcrs.insert(zeroed, ZERO);
        let error = Watched::start(nsm).await.attestation_refusal(&trust).await;
        assert!(matches!(error, AttestationError::Debug(index) if index == zeroed), "PCR{zeroed}: {error}");
    }
}

#[tokio::test]
async fn an_image_that_the_policy_does_not_name_is_refused() {
    let mut pcrs = PCRS;
    pcrs[2].1[47] ^= 1;
    let nsm = engines::simulated_nsm(pcrs, 0);
    let trust = engines::trust(&nsm);
    let error = Watched::start(nsm).await.attestation_refusal(&trust).await;
    assert!(matches!(error, AttestationError::UnknownImage(_)), "{error}");
}

#[tokio::test]
async fn a_stale_document_is_refused() {
    let nsm = engines::simulated_nsm(PCRS, -3600);
    let trust = engines::trust(&nsm);
    let error = Watched::start(nsm).await.attestation_refusal(&trust).await;
    assert!(matches!(error, AttestationError::Stale(seconds) if (3600..3800).contains(&seconds)), "{error}");
}

#[tokio::test]
async fn a_document_from_the_future_is_refused() {
    let nsm = engines::simulated_nsm(PCRS, 3600);
    let trust = engines::trust(&nsm);
    let error = Watched::start(nsm).await.attestation_refusal(&trust).await;
    let expected = matches!(error, AttestationError::FromTheFuture(_) | AttestationError::NotYetValid(_));
    assert!(expected, "{error}");
}

#[tokio::test]
async fn a_simulated_engine_is_refused_where_only_the_root_of_aws_is_trusted() {
    let nsm = engines::simulated_nsm(PCRS, 0);
    let trust = TrustPolicy { roots: vec![TrustedRoot::AwsNitro], ..engines::trust(&nsm) };
    let error = Watched::start(nsm).await.attestation_refusal(&trust).await;
    assert!(matches!(error, AttestationError::UntrustedRoot(_)), "{error}");
}

#[tokio::test]
async fn another_simulated_engine_is_refused_although_its_measurements_are_the_same() {
    let trusted = engines::simulated_nsm(PCRS, 0);
    let error =
        Watched::start(engines::simulated_nsm(PCRS, 0)).await.attestation_refusal(&engines::trust(&trusted)).await;
    assert!(matches!(error, AttestationError::UntrustedRoot(_)), "{error}");
}

#[tokio::test]
async fn a_document_with_another_nonce_is_refused() {
    let nsm = engines::simulated_nsm(PCRS, 0);
    let trust = engines::trust(&nsm);
    let engine = Watched::start(Substituted(nsm, |request: &mut Request| request[1][0] ^= 1)).await;
    let error = engine.attestation_refusal(&trust).await;
    assert!(matches!(error, AttestationError::Nonce), "{error}");
}

#[tokio::test]
async fn a_document_of_another_exchange_is_refused() {
    let nsm = engines::simulated_nsm(PCRS, 0);
    let trust = engines::trust(&nsm);
    let engine = Watched::start(Substituted(nsm, |request: &mut Request| request[0][0] ^= 1)).await;
    let error = engine.attestation_refusal(&trust).await;
    assert!(matches!(error, AttestationError::UserData), "{error}");
}

#[tokio::test]
async fn a_document_for_the_key_of_somebody_between_is_refused() {
    let nsm = engines::simulated_nsm(PCRS, 0);
    let trust = engines::trust(&nsm);
    let engine = Watched::start(Substituted(nsm, |request: &mut Request| request[2][0] ^= 1)).await;
    let error = engine.attestation_refusal(&trust).await;
    assert!(matches!(error, AttestationError::PublicKey), "{error}");
}

#[tokio::test]
async fn an_engine_with_another_access_file_is_refused_by_a_client_that_names_one() {
    let nsm = engines::simulated_nsm(PCRS, 0);
    let trust = TrustPolicy { policy_hashes: vec![[7; 48]], ..engines::trust(&nsm) };
    let error = Watched::start(nsm).await.refusal(&trust).await;
    assert!(matches!(error, HandshakeError::PolicyHash(_)), "{error}");
}

#[tokio::test]
async fn a_policy_without_images_accepts_nothing() {
    let nsm = engines::simulated_nsm(PCRS, 0);
    let trust = TrustPolicy { pcr_sets: Vec::new(), ..engines::trust(&nsm) };
    let error = Watched::start(nsm).await.attestation_refusal(&trust).await;
    assert!(matches!(error, AttestationError::EmptyPolicy), "{error}");
}
