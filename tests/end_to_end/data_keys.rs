//! Keys: who may come in, and what they can read with the data keys they bring.

use casemate_host::HostError;
use casemate_host::client::Client;
use casemate_host::files::Keys;
use casemate_tests::data;
use casemate_tests::deployment::{Deployment, Plan};
use casemate_tests::{engines, soon};
use casemate_wire::access_file::{AccessFile, ClientEntry};
use casemate_wire::data_policy::DataPolicy;
use casemate_wire::keys::DataKey;
use casemate_wire::session::QueryFailure;

use crate::{ONE, PROGRAMS, small_tables};

/// Keys with this key under the id that the tables name, or none.
fn keys_with(data_key: Option<&[u8]>) -> Keys {
    let mut keys = Keys::generate().unwrap();
    keys.data_policy = DataPolicy::allow_all();
    if let Some(bytes) = data_key {
        keys.data_keys.insert(data::KEY_ID, DataKey::new(bytes).unwrap()).unwrap();
    }
    keys
}

/// A deployment that also knows the client with `keys`, as bob.
async fn deployment_for(keys: &Keys) -> Deployment {
    let bob = ClientEntry { name: "bob".to_owned(), key: keys.identity.public(), memory_limit: None };
    Plan::new(PROGRAMS, &small_tables()).access(|file: &mut AccessFile| file.clients.push(bob)).start().await
}

async fn connect(deployment: &Deployment, keys: &Keys) -> Result<Client, HostError> {
    soon("a session or a refusal", Client::connect(&deployment.address, keys, &deployment.trust)).await
}

/// How a query of the encrypted nation table fails.
async fn failure(client: &mut Client) -> QueryFailure {
    match soon("an answer", client.query(ONE).await.unwrap().collect()).await {
        Err(HostError::Query(failure)) => failure,
        other => panic!("the query did not fail: {other:?}"),
    }
}

#[tokio::test]
async fn a_client_that_the_access_file_does_not_name_is_denied_and_the_others_are_served() {
    let deployment = Plan::new(PROGRAMS, &small_tables()).start().await;
    let stranger = engines::keys();
    let Err(error) = connect(&deployment, &stranger).await else { panic!("a stranger has a session") };
    assert!(error.to_string().contains("denied"), "{error}");

    stranger.save(&deployment.file("keys.json"), true).unwrap();
    let stderr = deployment.client("sql", &["-e", ONE]).await.failure(4);
    assert!(stderr.contains("denied") && stderr.contains("access file"), "{stderr}");

    assert_eq!(deployment.connect().await.name(), "alice");
}

#[tokio::test]
async fn a_table_whose_key_is_missing_is_an_error_that_names_the_key() {
    let keys = keys_with(None);
    let deployment = deployment_for(&keys).await;
    let mut client = connect(&deployment, &keys).await.unwrap();
    let failure = failure(&mut client).await;
    assert!(failure.message.contains(data::KEY_ID), "{failure:?}");
}

#[tokio::test]
async fn a_table_does_not_open_with_a_wrong_key_of_the_right_name() {
    let keys = keys_with(Some(b"another key, also of 32 bytes..."));
    let deployment = deployment_for(&keys).await;
    let mut client = connect(&deployment, &keys).await.unwrap();
    let failure = failure(&mut client).await;
    assert!(failure.message.contains("key"), "{failure:?}");
    // The session is not harmed by it.
    soon("an answer", client.query("SELECT 1").await.unwrap().collect()).await.unwrap();
}

#[tokio::test]
async fn the_keys_of_one_session_open_nothing_for_another() {
    let keys = keys_with(None);
    let deployment = deployment_for(&keys).await;
    let mut alice = deployment.connect().await;
    let mut bob = connect(&deployment, &keys).await.unwrap();
    for _ in 0..2 {
        let rows = soon("alice's answer", alice.query(ONE).await.unwrap().collect()).await.unwrap();
        assert_eq!(rows[0].batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), 1);
        assert!(failure(&mut bob).await.message.contains(data::KEY_ID));
    }
}
