//! Sessions over in-memory pipes, with a real handshake and a scripted SQL library.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use casemate_wire::data_policy::DataPolicy;
use casemate_wire::handshake::{ServerOptions, accept};
use casemate_wire::identity::ClientIdentity;
use casemate_wire::keys::{DataKey, DataKeys};
use casemate_wire::session::{ClientReceiver, ClientSender, EndStatus, QueryRequest, ResultItem, StreamSecret};
use casemate_wire::transport::BoxedIo;
use sealed_parquet::Keys;
use tokio::io::{AsyncWriteExt, DuplexStream};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;
use crate::datasets::Datasets;
use crate::keyring::Keyring;
use crate::memory::{Budget, BudgetKind, SessionPool};
use crate::storage::{StorageClient, StorageConnector, StorageOptions};
use crate::testing::{self, BATCH_ROWS, SECRET_PANIC, ScriptedSql, TestClient, failure, read_stream, rows};

/// The longest that anything here may take.
const PATIENCE: Duration = Duration::from_secs(30);

struct NoStorage;

#[async_trait::async_trait]
impl StorageConnector for NoStorage {
    async fn connect(&self) -> std::io::Result<BoxedIo> {
        Err(std::io::ErrorKind::ConnectionRefused.into())
    }
}

struct Setup {
    memory_limit: u64,
    query_timeout: Option<Duration>,
    idle_timeout: Duration,
}

impl Default for Setup {
    fn default() -> Self {
        Setup { memory_limit: 256 << 20, query_timeout: None, idle_timeout: Duration::from_secs(600) }
    }
}

/// A client in a running session, and everything that can be seen of the engine's side.
struct Running {
    sender: ClientSender,
    receiver: ClientReceiver,
    ended: JoinHandle<(Ended, u64)>,
    produced: Arc<AtomicUsize>,
    dropped: Arc<AtomicBool>,
    stopping: CancellationToken,
    memory: Arc<Budget>,
    keyring: Arc<Keyring>,
    garbage: oneshot::Sender<Vec<u8>>,
}

/// Carries bytes between client and engine until it is told to add some of its own.
async fn relay(mut client: DuplexStream, mut engine: DuplexStream, garbage: oneshot::Receiver<Vec<u8>>) {
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut client, &mut engine) => return,
        Ok(bytes) = garbage => engine.write_all(&bytes).await.unwrap(),
    }
    let _ = tokio::io::copy_bidirectional(&mut client, &mut engine).await;
}

async fn start(setup: Setup) -> Running {
    let (nsm, trust) = testing::nsm();
    let mut keys = DataKeys::new();
    keys.insert("k", DataKey::new(&[7; 16]).unwrap()).unwrap();
    let client =
        TestClient { identity: ClientIdentity::generate().unwrap(), trust, keys, policy: DataPolicy::default() };
    let access = testing::access(&client.identity, |_| ());
    let options = ServerOptions::new(nsm, Arc::new(access));

    let (client_io, relay_client) = tokio::io::duplex(16 << 10);
    let (relay_engine, engine_io) = tokio::io::duplex(16 << 10);
    let (garbage, inject) = oneshot::channel();
    tokio::spawn(relay(relay_client, relay_engine, inject));
    let (accepted, connected) = tokio::join!(accept(engine_io, &options), client.connect(client_io));
    let (receiver, sender, keys) = accepted.unwrap().split();

    let memory = Budget::new(BudgetKind::Engine, setup.memory_limit);
    let storage = StorageClient::new(Arc::new(NoStorage), Handle::current(), StorageOptions::default());
    let pool = SessionPool::new(Arc::clone(&memory), None);
    let keyring = Keyring::new(keys);
    let environment =
        Arc::new(Environment::new(pool, storage, Arc::clone(&keyring), Datasets::new(DataPolicy::default())).unwrap());
    let (produced, dropped) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
    let sql = ScriptedSql {
        produced: Arc::clone(&produced),
        dropped: Arc::clone(&dropped),
        environment: Arc::clone(&environment),
    };
    let stopping = CancellationToken::new();
    let stop = stopping.clone();
    let ended = tokio::spawn(async move {
        let compute = ComputeRuntime::new(2).unwrap();
        let session = Session {
            number: 1,
            sql: Arc::new(sql),
            environment,
            compute: &compute,
            stopping: stop,
            query_timeout: setup.query_timeout,
            idle_timeout: setup.idle_timeout,
        };
        session.serve(receiver, sender).await
    });
    let (sender, receiver) = connected.unwrap().split();
    Running { sender, receiver, ended, produced, dropped, stopping, memory, keyring, garbage }
}

impl Running {
    async fn send(&mut self, script: &str) -> StreamSecret {
        self.sender.query(&QueryRequest { sql: script.to_owned() }).await.unwrap()
    }

    /// Sends a script whose first command computes something, and waits until it does.
    async fn send_and_start(&mut self, script: &str) -> StreamSecret {
        let before = self.produced.load(Ordering::SeqCst);
        let secret = self.send(script).await;
        eventually("the computation begins", || self.produced.load(Ordering::SeqCst) > before).await;
        secret
    }

    async fn read(&mut self, secret: StreamSecret) -> (Vec<ResultItem>, EndStatus) {
        tokio::time::timeout(PATIENCE, read_stream(&mut self.receiver, secret)).await.expect("a sealed end")
    }

    async fn run(&mut self, script: &str) -> (Vec<ResultItem>, EndStatus) {
        let secret = self.send(script).await;
        self.read(secret).await
    }

    async fn ended(self) -> (Ended, u64) {
        tokio::time::timeout(PATIENCE, self.ended).await.expect("the end of the session").unwrap()
    }
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
async fn statements_of_a_text_are_answered_in_order_on_one_stream() {
    let mut running = start(Setup::default()).await;
    let (items, status) = running.run("rows 50000; rows 0; rows 1").await;
    assert_eq!(status, EndStatus::Ok);
    let kinds: String = items
        .iter()
        .map(|item| match item {
            ResultItem::Schema(_) => 's',
            ResultItem::Batch(_) => 'b',
            ResultItem::StatementEnd(_) => 'e',
            ResultItem::End(_) => '.',
        })
        .collect();
    assert_eq!(kinds, "sbbbesesbe");
    running.sender.close().await.unwrap();
    assert_eq!(running.ended().await, (Ended::ByClient, 1));
}

#[tokio::test]
async fn an_error_ends_its_query_and_not_the_session() {
    let mut running = start(Setup::default()).await;
    let (items, status) = running.run("rows 1; fail; rows 1").await;
    assert_eq!(failure(&status), ("analysis", "no such column"));
    assert_eq!(rows(&items), BATCH_ROWS, "statements before the failing one are answered, later ones are not run");

    let (items, status) = running.run("no command").await;
    assert!(items.is_empty());
    let EndStatus::Failed(parse) = status else { panic!("{status:?}") };
    assert_eq!((parse.kind.as_str(), parse.position), ("parse", Some((1, 1))));

    assert_eq!(running.run("rows 1").await.1, EndStatus::Ok);
}

#[tokio::test]
async fn an_error_in_the_middle_of_a_result_ends_its_query_with_that_error() {
    let mut running = start(Setup::default()).await;
    assert_eq!(failure(&running.run("fail later").await.1), ("arithmetic", "divide by zero"));
    assert_eq!(running.run("rows 1").await.1, EndStatus::Ok);
}

#[tokio::test]
async fn a_panic_is_an_internal_error_without_its_text_and_the_session_goes_on() {
    let mut running = start(Setup::default()).await;
    for script in ["panic", "panic later"] {
        let (_, status) = running.run(script).await;
        let (kind, message) = failure(&status);
        assert_eq!(kind, "internal");
        assert!(!message.contains(SECRET_PANIC), "{message}");
    }
    assert_eq!(running.run("rows 1").await.1, EndStatus::Ok);
}

#[tokio::test]
async fn a_cancelled_query_stops_and_ends_with_a_sealed_end() {
    let mut running = start(Setup::default()).await;
    for script in ["endless", "hang"] {
        let secret = running.send_and_start(script).await;
        running.sender.cancel(secret.stream()).await.unwrap();
        assert_eq!(running.read(secret).await.1, EndStatus::Cancelled, "{script}");
        eventually("the computation is dropped", || running.dropped.load(Ordering::SeqCst)).await;
    }
    assert_eq!(running.run("rows 1").await.1, EndStatus::Ok);
    assert_eq!(running.memory.used(), 0);
}

#[tokio::test]
async fn a_cancelled_computation_is_dropped_even_while_the_client_reads_nothing() {
    let mut running = start(Setup::default()).await;
    let secret = running.send_and_start("endless").await;
    running.sender.cancel(secret.stream()).await.unwrap();
    eventually("the computation is dropped", || running.dropped.load(Ordering::SeqCst)).await;
    assert_eq!(running.read(secret).await.1, EndStatus::Cancelled);
}

#[tokio::test]
async fn a_query_that_still_waits_can_be_cancelled() {
    let mut running = start(Setup::default()).await;
    let first = running.send("hang").await;
    let second = running.send("endless").await;
    running.sender.cancel(second.stream()).await.unwrap();
    running.sender.cancel(first.stream()).await.unwrap();
    assert_eq!(running.read(first).await.1, EndStatus::Cancelled);
    let (items, status) = running.read(second).await;
    assert_eq!((items.len(), status), (0, EndStatus::Cancelled));
}

#[tokio::test]
async fn cancelling_what_is_over_or_never_was_changes_nothing() {
    let mut running = start(Setup::default()).await;
    let secret = running.send("rows 1").await;
    let stream = secret.stream();
    running.read(secret).await;
    running.sender.cancel(stream).await.unwrap();
    running.sender.cancel(999).await.unwrap();
    assert_eq!(running.run("rows 1").await.1, EndStatus::Ok);
}

#[tokio::test]
async fn the_clients_keys_are_there_while_the_session_lasts_and_not_after() {
    let mut running = start(Setup::default()).await;
    assert_eq!(running.run("rows 1").await.1, EndStatus::Ok);
    let keyring = Arc::clone(&running.keyring);
    assert_eq!(keyring.data_key("k").unwrap().to_vec(), [7; 16]);
    running.sender.close().await.unwrap();
    running.ended().await;
    assert!(keyring.data_key("k").is_none());
}

#[tokio::test]
async fn a_client_that_vanishes_stops_its_query() {
    let mut running = start(Setup::default()).await;
    let _secret = running.send_and_start("endless").await;
    let Running { sender, receiver, ended, dropped, memory, .. } = running;
    drop((sender, receiver));
    assert_eq!(tokio::time::timeout(PATIENCE, ended).await.unwrap().unwrap(), (Ended::ByClient, 1));
    eventually("the computation is dropped", || dropped.load(Ordering::SeqCst)).await;
    eventually("its memory is free", || memory.used() == 0).await;
}

#[tokio::test]
async fn a_client_that_reads_nothing_holds_the_computation_at_a_few_batches() {
    let mut running = start(Setup::default()).await;
    let secret = running.send_and_start("endless").await;
    // Long enough for thousands of batches if nothing held them back.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let produced = running.produced.load(Ordering::SeqCst);
    assert!(produced <= 4, "{produced} batches were computed for a client that read none");
    let per_batch = 8 * BATCH_ROWS;
    assert!(running.memory.used() <= 3 * 2 * (per_batch + 1024), "{} bytes held", running.memory.used());

    let stream = secret.stream();
    let mut opener = casemate_wire::session::StreamOpener::new(secret);
    for _ in 0..40 {
        opener.open(running.receiver.next_frame().await.unwrap()).unwrap();
    }
    running.sender.cancel(stream).await.unwrap();
    assert!(running.produced.load(Ordering::SeqCst) >= 39, "it goes on when the client reads");
}

#[tokio::test]
async fn a_query_that_takes_too_long_ends_with_the_limit_in_its_message() {
    let setup = Setup { query_timeout: Some(Duration::from_millis(50)), ..Setup::default() };
    let mut running = start(setup).await;
    let (_, status) = running.run("hang").await;
    let (kind, message) = failure(&status);
    assert_eq!(kind, "timeout");
    assert!(message.contains("0.05 s") && message.contains("--query-timeout"), "{message}");
}

#[tokio::test]
async fn an_engine_that_stops_tells_the_client_of_a_running_query() {
    let mut running = start(Setup::default()).await;
    let secret = running.send_and_start("hang").await;
    running.stopping.cancel();
    assert_eq!(failure(&running.read(secret).await.1).0, "shutdown");
    assert_eq!(running.ended().await, (Ended::Stopping, 1));
}

#[tokio::test]
async fn an_engine_that_stops_ends_idle_sessions() {
    let running = start(Setup::default()).await;
    running.stopping.cancel();
    assert_eq!(running.ended().await, (Ended::Stopping, 0));
}

#[tokio::test]
async fn a_session_without_queries_ends_after_the_idle_timeout() {
    let running = start(Setup { idle_timeout: Duration::from_millis(50), ..Setup::default() }).await;
    assert_eq!(running.ended().await, (Ended::Idle, 0));
}

#[tokio::test]
async fn a_client_that_leaves_a_result_unread_loses_its_session_after_the_idle_timeout() {
    let mut running = start(Setup { idle_timeout: Duration::from_millis(100), ..Setup::default() }).await;
    let _secret = running.send("endless").await;
    assert_eq!(running.ended().await, (Ended::Idle, 1));
}

#[tokio::test]
async fn a_query_over_the_memory_limit_names_the_limit_and_the_next_one_runs() {
    let mut running = start(Setup { memory_limit: 8 << 20, ..Setup::default() }).await;
    let (_, status) = running.run("memory 8388609").await;
    let (kind, message) = failure(&status);
    assert_eq!(kind, "memory");
    assert!(message.contains("8 MiB") && message.contains("--memory-limit"), "{message}");
    assert_eq!(running.run("memory 1000").await.1, EndStatus::Ok);
}

#[tokio::test]
async fn a_result_batch_beyond_the_memory_limit_is_an_error_and_not_a_kill() {
    let mut running = start(Setup { memory_limit: 1 << 10, ..Setup::default() }).await;
    assert_eq!(failure(&running.run("rows 1").await.1).0, "memory");
}

#[tokio::test]
async fn bytes_that_are_no_frame_end_the_session_and_its_query() {
    for garbage in [vec![0xff; 200], vec![0; 44], [&[1, 5][..], &[0; 42]].concat()] {
        let mut running = start(Setup::default()).await;
        let _secret = running.send_and_start("hang").await;
        let Running { garbage: inject, ended, dropped, sender: _sender, receiver: _receiver, .. } = running;
        inject.send(garbage).unwrap();
        assert_eq!(tokio::time::timeout(PATIENCE, ended).await.unwrap().unwrap(), (Ended::BadFrame, 1));
        eventually("the computation is dropped", || dropped.load(Ordering::SeqCst)).await;
    }
}

#[tokio::test]
async fn a_client_that_runs_far_ahead_of_its_answers_is_cut_off() {
    let mut running = start(Setup::default()).await;
    let mut secrets = Vec::new();
    for _ in 0..200 {
        match running.sender.query(&QueryRequest { sql: "hang".to_owned() }).await {
            Ok(secret) => secrets.push(secret),
            Err(_) => break,
        }
    }
    assert_eq!(running.ended().await.0, Ended::BadFrame);
}
