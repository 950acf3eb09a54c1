//! Whole engines: quotas, strangers, sockets and the clean end. What runs in a session is tested there.

use std::sync::Arc;
use std::time::Duration;

use casemate_wire::access_file::AccessFile;
use casemate_wire::address::Address;
use casemate_wire::data_policy::DataPolicy;
use casemate_wire::handshake::HandshakeError;
use casemate_wire::identity::ClientIdentity;
use casemate_wire::keys::DataKeys;
use casemate_wire::session::ClientSession;
use casemate_wire::transport;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::*;
use crate::storage::StorageConnector;
use crate::testing::{self, TestClient};

const PATIENCE: Duration = Duration::from_secs(30);

struct NoStorage;

#[async_trait::async_trait]
impl StorageConnector for NoStorage {
    async fn connect(&self) -> std::io::Result<BoxedIo> {
        Err(std::io::ErrorKind::ConnectionRefused.into())
    }
}

fn engine(
    change_access: impl FnOnce(&mut AccessFile),
    change: impl FnOnce(&mut EngineConfig),
) -> (Arc<Engine>, TestClient) {
    let (nsm, trust) = testing::nsm();
    let client = TestClient {
        identity: ClientIdentity::generate().unwrap(),
        trust,
        keys: DataKeys::new(),
        policy: DataPolicy::default(),
    };
    let access = testing::access(&client.identity, change_access);
    let mut config = EngineConfig::new(access, 64 << 20, nsm, Arc::new(NoStorage));
    change(&mut config);
    (Engine::new(config).unwrap(), client)
}

fn open(engine: &Arc<Engine>) -> DuplexStream {
    let (ours, theirs) = tokio::io::duplex(64 << 10);
    let engine = Arc::clone(engine);
    tokio::spawn(async move { engine.serve_connection(Box::new(theirs)).await });
    ours
}

async fn connect(engine: &Arc<Engine>, client: &TestClient) -> Result<ClientSession, HandshakeError> {
    tokio::time::timeout(PATIENCE, client.connect(open(engine))).await.expect("an answer")
}

fn is_status(result: &Result<ClientSession, HandshakeError>, wanted: StatusCode) -> bool {
    matches!(result, Err(HandshakeError::Connection(casemate_wire::Error::Status(status))) if *status == wanted)
}

async fn eventually(what: &str, condition: impl Fn() -> bool) {
    tokio::time::timeout(PATIENCE, async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await
    .unwrap_or_else(|_| panic!("never happened: {what}"));
}

#[tokio::test]
async fn a_client_of_the_access_file_gets_a_session_and_a_stranger_is_denied() {
    let (engine, client) = engine(|_| (), |_| ());
    let session = connect(&engine, &client).await.unwrap();
    assert_eq!(session.client_name(), "alice");

    let stranger = TestClient { identity: ClientIdentity::generate().unwrap(), ..client };
    assert!(is_status(&connect(&engine, &stranger).await, StatusCode::Denied));
    assert_eq!(engine.open_sessions(), 1);
}

#[tokio::test]
async fn a_session_over_the_limit_is_answered_busy_until_one_ends() {
    let (engine, client) = engine(|file| file.max_sessions = 2, |_| ());
    let first = connect(&engine, &client).await.unwrap();
    let _second = connect(&engine, &client).await.unwrap();
    assert!(is_status(&connect(&engine, &client).await, StatusCode::Busy));
    drop(first);
    eventually("the first session ends", || engine.open_sessions() == 1).await;
    connect(&engine, &client).await.unwrap();
}

#[tokio::test]
async fn the_command_lines_session_limit_can_only_lower_the_access_files() {
    let (lower, client) = engine(|file| file.max_sessions = 2, |config| config.max_sessions = Some(1));
    let _only = connect(&lower, &client).await.unwrap();
    assert!(is_status(&connect(&lower, &client).await, StatusCode::Busy));
    let (higher, _) = engine(|file| file.max_sessions = 2, |config| config.max_sessions = Some(9));
    assert_eq!(higher.session_limit, 2);
}

#[tokio::test]
async fn silent_connections_use_up_handshakes_only_until_their_timeout() {
    let (engine, client) = engine(|file| file.handshake_timeout_seconds = 1, |config| config.max_handshakes = 2);
    let _silent = [open(&engine), open(&engine)];
    eventually("both handshakes begin", || engine.handshakes.available_permits() == 0).await;
    assert!(is_status(&connect(&engine, &client).await, StatusCode::Busy));
    eventually("the timeout", || engine.handshakes.available_permits() == 2).await;
    connect(&engine, &client).await.unwrap();
}

#[tokio::test]
async fn garbage_instead_of_a_handshake_is_answered_with_a_status_and_harms_nobody() {
    let (engine, client) = engine(|_| (), |_| ());
    for garbage in [vec![0xff; 100], vec![1, 1, 0, 0], b"GET / HTTP/1.1\r\n\r\n".repeat(10)] {
        let mut io = open(&engine);
        io.write_all(&garbage).await.unwrap();
        io.shutdown().await.unwrap();
        let mut answer = Vec::new();
        tokio::time::timeout(PATIENCE, io.read_to_end(&mut answer)).await.unwrap().unwrap();
        assert!(answer.len() <= 45, "a status frame or nothing: {} bytes", answer.len());
    }
    connect(&engine, &client).await.unwrap();
}

#[tokio::test]
async fn fifty_sessions_live_at_once() {
    let (engine, client) = engine(|_| (), |config| config.max_handshakes = 50);
    let sessions: Vec<_> =
        futures::future::join_all((0..50).map(|_| connect(&engine, &client))).await.into_iter().collect();
    assert!(sessions.iter().all(Result::is_ok));
    assert_eq!(engine.open_sessions(), 50);
    drop(sessions);
    eventually("all sessions end", || engine.open_sessions() == 0).await;
}

#[tokio::test]
async fn the_sessions_of_a_client_share_its_limit() {
    let (engine, _) = engine(|_| (), |_| ());
    let client = |limit| Client { name: "alice".into(), memory_limit: limit };
    let (one, two) = (engine.client_budget(&client(Some(5))).unwrap(), engine.client_budget(&client(Some(5))).unwrap());
    assert!(Arc::ptr_eq(&one, &two));
    assert!(engine.client_budget(&client(None)).is_none());
}

#[tokio::test]
async fn stopping_closes_the_socket_and_the_sessions_and_removes_the_socket_file() {
    let (engine, client) = engine(|_| (), |_| ());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("engine.sock");
    let address = Address::Unix(path.clone());
    let listener = Listener::bind(&address).await.unwrap();
    let shutdown = CancellationToken::new();
    let serving = tokio::spawn({
        let (engine, shutdown) = (Arc::clone(&engine), shutdown.clone());
        async move { engine.serve(listener, shutdown).await }
    });
    let session = client.connect(transport::connect(&address).await.unwrap()).await.unwrap();
    let (_sender, mut receiver) = session.split();

    shutdown.cancel();
    tokio::time::timeout(PATIENCE, serving).await.unwrap().unwrap().unwrap();
    assert!(receiver.next_frame().await.is_err(), "the session is over");
    assert!(!path.exists());
    assert!(transport::connect(&address).await.is_err());
}

#[test]
fn a_configuration_that_makes_no_sense_is_refused() {
    let (nsm, _) = testing::nsm();
    let access = testing::access(&ClientIdentity::generate().unwrap(), |_| ());
    let config = EngineConfig::new(access, 0, nsm, Arc::new(NoStorage));
    assert!(matches!(Engine::new(config), Err(EngineError::Config(_))));
}

#[tokio::test]
async fn an_engine_may_be_dropped_on_a_thread_of_another_runtime() {
    drop(engine(|_| (), |_| ()));
}
