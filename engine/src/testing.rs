//! What several tests need: clients and engines on in-memory pipes, and a SQL library that does as it is told.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use async_trait::async_trait;
use bytes::Bytes;
use casemate_wire::UnixMillis;
use casemate_wire::access_file::{AccessFile, AccessPolicy, ClientEntry};
use casemate_wire::attestation::{PcrSet, SimulatedNsm, SimulatedOptions, TrustPolicy};
use casemate_wire::data_policy::DataPolicy;
use casemate_wire::handshake::{ClientOptions, HandshakeError, connect};
use casemate_wire::identity::ClientIdentity;
use casemate_wire::keys::DataKeys;
use casemate_wire::session::{ClientReceiver, ClientSession, EndStatus, ResultItem, StreamOpener, StreamSecret};
use casemate_wire::storage::{ErrorCode, ObjectMeta, Request, Response, read_request, write_response};
use casemate_wire::transport::{BoxedIo, Io};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{StreamExt, stream};
use spark_compat::error::{Position, SparkError};

use crate::environment::Environment;
use crate::execute::{Interrupt, Sql};
use crate::storage::StorageConnector;

/// One client that a test engine knows, with everything it needs to connect.
pub struct TestClient {
    pub identity: ClientIdentity,
    pub trust: TrustPolicy,
    pub keys: DataKeys,
    pub policy: DataPolicy,
}

impl TestClient {
    pub async fn connect<S: Io + 'static>(&self, io: S) -> Result<ClientSession, HandshakeError> {
        let clock = || UnixMillis::from(SystemTime::now());
        let options = ClientOptions {
            identity: &self.identity,
            data_keys: &self.keys,
            data_policy: &self.policy,
            trust: &self.trust,
            clock: &clock,
        };
        connect(io, options).await
    }
}

/// A simulated NSM with PCRs that are not zero, and the policy that trusts it.
pub fn nsm() -> (Arc<SimulatedNsm>, TrustPolicy) {
    let pcrs = BTreeMap::from([(0, [1; 48]), (1, [2; 48]), (2, [3; 48])]);
    let options = SimulatedOptions {
        pcrs: pcrs.clone(),
        module_id: "i-00000000000000000-enc0000000000000000".to_owned(),
        clock: Arc::new(|| UnixMillis::from(SystemTime::now())),
    };
    let nsm = SimulatedNsm::generate(options).unwrap();
    let trust = TrustPolicy {
        roots: vec![nsm.trusted_root()],
        pcr_sets: vec![PcrSet { name: "test".into(), pcrs }],
        max_age: std::time::Duration::from_secs(300),
        policy_hashes: Vec::new(),
    };
    (Arc::new(nsm), trust)
}

/// An access policy with one client.
pub fn access(identity: &ClientIdentity, change: impl FnOnce(&mut AccessFile)) -> AccessPolicy {
    let client = ClientEntry { name: "alice".into(), key: identity.public(), memory_limit: None };
    let mut file = AccessFile {
        clients: vec![client],
        max_sessions: 64,
        idle_timeout_seconds: 600,
        handshake_timeout_seconds: 10,
    };
    change(&mut file);
    file.to_policy().unwrap()
}

/// Reads one stream to its end.
pub async fn read_stream(receiver: &mut ClientReceiver, secret: StreamSecret) -> (Vec<ResultItem>, EndStatus) {
    let mut opener = StreamOpener::new(secret);
    let mut items = Vec::new();
    loop {
        let frame = receiver.next_frame().await.unwrap();
        match opener.open(frame).unwrap() {
            Some(ResultItem::End(status)) => return (items, status),
            Some(item) => items.push(item),
            None => {}
        }
    }
}

/// The rows of all batches among `items`.
pub fn rows(items: &[ResultItem]) -> usize {
    items.iter().map(|item| if let ResultItem::Batch(batch) = item { batch.num_rows() } else { 0 }).sum()
}

/// The kind and message of a failure.
pub fn failure(status: &EndStatus) -> (&str, &str) {
    match status {
        EndStatus::Failed(failure) => (&failure.kind, &failure.message),
        other => panic!("not a failure: {other:?}"),
    }
}

/// A text that no client and no log may ever see.
pub const SECRET_PANIC: &str = "canary-of-a-panic";

/// Runs commands instead of SQL; separated by `;`.
pub struct ScriptedSql {
    /// Batches that were computed; a computation that hangs counts as one.
    pub produced: Arc<AtomicUsize>,
    /// Whether the last stream was dropped.
    pub dropped: Arc<AtomicBool>,
    /// The session's.
    pub environment: Arc<Environment>,
}

#[derive(Debug)]
pub enum Command {
    Rows(usize),
    Endless,
    Hang,
    Panic,
    PanicInStream,
    TakeMemory(usize),
    Fail,
    FailInStream,
}

/// Rows of each scripted batch.
pub const BATCH_ROWS: usize = 20_000;

struct SetOnDrop(Arc<AtomicBool>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl ScriptedSql {
    fn batches(&self, count: usize) -> SendableRecordBatchStream {
        let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, false)]));
        let (produced, batch_schema) = (Arc::clone(&self.produced), Arc::clone(&schema));
        self.dropped.store(false, Ordering::SeqCst);
        let guard = SetOnDrop(Arc::clone(&self.dropped));
        let batches = stream::iter(0..count).map(move |index| {
            let _alive = &guard;
            produced.fetch_add(1, Ordering::SeqCst);
            let values = Int64Array::from_iter_values((0..BATCH_ROWS).map(|row| (index * BATCH_ROWS + row) as i64));
            Ok(RecordBatch::try_new(Arc::clone(&batch_schema), vec![Arc::new(values)])?)
        });
        Box::pin(RecordBatchStreamAdapter::new(schema, batches))
    }
}

#[async_trait]
impl Sql for ScriptedSql {
    type Statement = Command;

    fn parse(&self, sql: &str) -> Result<Vec<Command>, SparkError> {
        sql.split(';')
            .map(|text| match text.split_whitespace().collect::<Vec<_>>()[..] {
                ["rows", count] => Ok(Command::Rows(count.parse().unwrap())),
                ["endless"] => Ok(Command::Endless),
                ["hang"] => Ok(Command::Hang),
                ["panic"] => Ok(Command::Panic),
                ["panic", "later"] => Ok(Command::PanicInStream),
                ["memory", bytes] => Ok(Command::TakeMemory(bytes.parse().unwrap())),
                ["fail"] => Ok(Command::Fail),
                ["fail", "later"] => Ok(Command::FailInStream),
                _ => Err(SparkError::parse("no such command", sql, Position { line: 1, column: 0 })),
            })
            .collect()
    }

    async fn execute(&self, command: &Command, interrupt: &Interrupt) -> Result<SendableRecordBatchStream, SparkError> {
        match command {
            Command::Rows(rows) => Ok(self.batches(rows.div_ceil(BATCH_ROWS))),
            Command::Endless => Ok(self.batches(usize::MAX)),
            Command::Hang => {
                self.dropped.store(false, Ordering::SeqCst);
                let _guard = SetOnDrop(Arc::clone(&self.dropped));
                self.produced.fetch_add(1, Ordering::SeqCst);
                std::future::pending().await
            }
            Command::Panic => panic!("{SECRET_PANIC}"),
            Command::PanicInStream => {
                let schema = Arc::new(Schema::empty());
                let batches = stream::once(async { panic!("{SECRET_PANIC}") });
                Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
            }
            Command::TakeMemory(bytes) => {
                let pool: Arc<dyn MemoryPool> = Arc::clone(&self.environment.memory) as _;
                MemoryConsumer::new("test").register(&pool).try_grow(*bytes)?;
                Ok(self.batches(1))
            }
            Command::Fail => Err(SparkError::analysis("no such column")),
            Command::FailInStream => {
                // As a session's stream does when it is dropped.
                interrupt.interrupt();
                let batches = stream::once(async { Err(SparkError::arithmetic("divide by zero").into()) });
                Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::new(Schema::empty()), batches)))
            }
        }
    }
}

/// Files by path, that a test may change while an engine reads them.
pub type Files = Arc<Mutex<BTreeMap<String, Bytes>>>;

/// An honest parent with these files in memory.
pub struct MemoryParent(pub Files);

#[async_trait]
impl StorageConnector for MemoryParent {
    async fn connect(&self) -> io::Result<BoxedIo> {
        let (ours, mut theirs) = tokio::io::duplex(256 << 10);
        let files = Arc::clone(&self.0);
        tokio::spawn(async move {
            while let Ok(Some((id, request))) = read_request(&mut theirs).await {
                let response = answer(&files.lock().unwrap(), &request);
                if write_response(&mut theirs, id, &response).await.is_err() {
                    return;
                }
            }
        });
        Ok(Box::new(ours))
    }
}

fn answer(files: &BTreeMap<String, Bytes>, request: &Request) -> Response {
    let meta = |(path, bytes): (&String, &Bytes)| ObjectMeta {
        path: path.clone(),
        size: bytes.len() as u64,
        modified_ms: 1_700_000_000_000,
    };
    let missing = || Response::Error { code: ErrorCode::NotFound, message: "no such file".to_owned() };
    match request {
        Request::List { prefix } => {
            let inside = |path: &str| prefix.is_empty() || path.starts_with(&format!("{prefix}/"));
            Response::Listing(files.iter().filter(|(path, _)| inside(path)).map(meta).collect())
        }
        Request::Head { path } => files.get_key_value(path).map_or_else(missing, |file| Response::Meta(meta(file))),
        Request::Get { path, start, end } => match files.get(path) {
            Some(bytes) if *end <= bytes.len() as u64 => Response::Data(bytes.slice(*start as usize..*end as usize)),
            Some(_) => Response::Error { code: ErrorCode::BadRequest, message: "beyond the file".to_owned() },
            None => missing(),
        },
    }
}
