//! What changes while a service runs: images, access files, the keys of clients.

use casemate_host::HostError;
use casemate_host::client::Client;
use casemate_host::files::{self, Keys};
use casemate_tests::engines::{self, Folder, LocalEngine, PCRS};
use casemate_tests::soon;
use casemate_wire::Error;
use casemate_wire::attestation::{AttestationError, SimulatedNsm, TrustPolicy};
use casemate_wire::frame::StatusCode;
use casemate_wire::handshake::HandshakeError;
use casemate_wire::trust_file::{PcrSetEntry, TrustFile};

use crate::small_tables;

async fn engine(nsm: SimulatedNsm, access: casemate_wire::access_file::AccessFile) -> LocalEngine {
    LocalEngine::start(nsm, access, Folder::new(&small_tables()), |_| ()).await
}

async fn connect(engine: &LocalEngine, keys: &Keys, trust: &TrustPolicy) -> Result<Client, HostError> {
    soon("a session or a refusal", Client::connect(&engine.address, keys, trust)).await
}

/// The name under which a client accepted an engine's image.
async fn accepted_as(engine: &LocalEngine, keys: &Keys, trust: &TrustFile) -> Result<String, HostError> {
    let client = connect(engine, keys, &trust.to_policy().unwrap()).await?;
    Ok(client.attested().pcr_set.clone().unwrap_or_default())
}

#[tokio::test]
async fn an_image_is_rolled_out_by_accepting_both_and_then_the_new_one_alone() {
    let next = PCRS.map(|(index, pcr)| (index, pcr.map(|byte| byte ^ 0xff)));
    let (old_nsm, new_nsm) = (engines::simulated_nsm(PCRS, 0), engines::simulated_nsm(next, 0));
    let mut trust = engines::trust(&old_nsm);
    trust.roots.push(new_nsm.trusted_root());
    let mut trust = TrustFile::from_policy(&trust);
    let keys = engines::keys();
    let (old, new) = (engine(old_nsm, engines::access(&keys)).await, engine(new_nsm, engines::access(&keys)).await);

    assert_eq!(accepted_as(&old, &keys, &trust).await.unwrap(), "test");
    let refused = accepted_as(&new, &keys, &trust).await.unwrap_err();
    assert!(matches!(refused, HostError::Handshake(HandshakeError::Attestation(AttestationError::UnknownImage(_)))));

    let pcrs = next.map(|(index, pcr)| (index, pcr.iter().map(|byte| format!("{byte:02x}")).collect()));
    files::add_image(&mut trust, PcrSetEntry { name: "v2".to_owned(), pcrs: pcrs.into() }).unwrap();
    assert_eq!(accepted_as(&old, &keys, &trust).await.unwrap(), "test");
    assert_eq!(accepted_as(&new, &keys, &trust).await.unwrap(), "v2");

    files::remove_image(&mut trust, "test").unwrap();
    assert_eq!(accepted_as(&new, &keys, &trust).await.unwrap(), "v2");
    let refused = accepted_as(&old, &keys, &trust).await.unwrap_err();
    assert!(matches!(refused, HostError::Handshake(HandshakeError::Attestation(AttestationError::UnknownImage(_)))));
}

#[tokio::test]
async fn a_register_of_one_image_and_one_of_another_make_no_accepted_image() {
    let next = PCRS.map(|(index, pcr)| (index, pcr.map(|byte| byte ^ 0xff)));
    let mixed = [PCRS[0], next[1], PCRS[2]];
    let nsm = engines::simulated_nsm(mixed, 0);
    let mut trust = TrustFile::from_policy(&engines::trust(&nsm));
    let pcrs = next.map(|(index, pcr)| (index, pcr.iter().map(|byte| format!("{byte:02x}")).collect()));
    files::add_image(&mut trust, PcrSetEntry { name: "v2".to_owned(), pcrs: pcrs.into() }).unwrap();
    let keys = engines::keys();
    let engine = engine(nsm, engines::access(&keys)).await;
    let refused = accepted_as(&engine, &keys, &trust).await.unwrap_err();
    assert!(matches!(refused, HostError::Handshake(HandshakeError::Attestation(AttestationError::UnknownImage(_)))));
}

#[tokio::test]
async fn a_client_changes_its_key_by_having_two_for_a_while() {
    let (old, new) = (engines::keys(), engines::keys());
    let mut access = engines::access(&old);
    files::add_client(&mut access, "alice".to_owned(), new.identity.public(), None);
    let nsm = engines::simulated_nsm(PCRS, 0);
    let trust = engines::trust(&nsm);
    let both = engine(nsm, access.clone()).await;
    for keys in [&old, &new] {
        assert_eq!(connect(&both, keys, &trust).await.unwrap().name(), "alice");
    }

    files::remove_client(&mut access, "alice", Some(&old.identity.public())).unwrap();
    let nsm = engines::simulated_nsm(PCRS, 0);
    let trust = engines::trust(&nsm);
    let after = engine(nsm, access).await;
    connect(&after, &new, &trust).await.unwrap();
    let denied = connect(&after, &old, &trust).await.err().unwrap();
    let HostError::Handshake(HandshakeError::Connection(Error::Status(status))) = denied else { panic!("{denied}") };
    assert_eq!(status, StatusCode::Denied);
}
