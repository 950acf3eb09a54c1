//! Many requests on one connection to the parent's storage server.
//!
//! One task writes requests, one reads answers and hands each to the request with its id. Anything that no
//! honest server sends ends the connection: an unknown id, an answer of another kind, too many bytes.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use casemate_wire::storage::{self, Request, Response};
use casemate_wire::transport::BoxedIo;
use tokio::io::{BufReader, ReadHalf, WriteHalf};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::error::StorageError;

/// Requests that wait for the writer; beyond that callers wait.
const QUEUED_REQUESTS: usize = 64;

/// Bytes that are read ahead: a listing's or a small range's whole frame in one system call.
const READ_BUFFER: usize = 64 << 10;

type Answer = Result<Response, StorageError>;

/// An open connection. Dropping it ends its tasks.
#[derive(Debug)]
pub(super) struct Connection {
    requests: mpsc::Sender<(u64, Request)>,
    pending: Arc<Pending>,
    _tasks: JoinSet<()>,
}

impl Connection {
    /// Starts the two tasks on `runtime`.
    pub fn start(io: BoxedIo, runtime: &Handle) -> Self {
        let (read_half, write_half) = tokio::io::split(io);
        let (requests, queue) = mpsc::channel(QUEUED_REQUESTS);
        let pending = Arc::new(Pending::default());
        let mut tasks = JoinSet::new();
        tasks.spawn_on(write_requests(write_half, queue, Arc::clone(&pending)), runtime);
        tasks.spawn_on(read_answers(read_half, Arc::clone(&pending)), runtime);
        Connection { requests, pending, _tasks: tasks }
    }

    /// Whether the connection ended, for whatever reason.
    pub fn is_closed(&self) -> bool {
        self.pending.lock().closed.is_some()
    }

    /// Ends the connection: everything that waits on it fails with `reason`.
    pub fn close(&self, reason: StorageError) {
        self.pending.close(reason);
    }

    /// Sends a request and waits for its answer. An answer that comes after the caller is gone is thrown away.
    pub async fn call(&self, request: Request) -> Answer {
        let (id, answer) = self.pending.register(&request)?;
        if self.requests.send((id, request)).await.is_err() {
            return Err(self.pending.reason());
        }
        answer.await.unwrap_or_else(|_| Err(self.pending.reason()))
    }
}

/// The requests that wait for an answer.
#[derive(Debug, Default)]
struct Pending {
    state: Mutex<PendingState>,
}

#[derive(Debug, Default)]
struct PendingState {
    last_id: u64,
    waiting: HashMap<u64, Waiting>,
    closed: Option<StorageError>,
}

#[derive(Debug)]
struct Waiting {
    expected: Expected,
    answer: oneshot::Sender<Answer>,
}

/// What an honest answer to a request looks like.
#[derive(Debug, Clone, Copy)]
enum Expected {
    Listing,
    Meta,
    AtMost(u64),
}

impl Pending {
    fn lock(&self) -> MutexGuard<'_, PendingState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn register(&self, request: &Request) -> Result<(u64, oneshot::Receiver<Answer>), StorageError> {
        let expected = match request {
            Request::List { .. } => Expected::Listing,
            Request::Head { .. } => Expected::Meta,
            Request::Get { start, end, .. } => Expected::AtMost(end.saturating_sub(*start)),
        };
        let (answer, receiver) = oneshot::channel();
        let mut state = self.lock();
        if let Some(reason) = &state.closed {
            return Err(reason.clone());
        }
        state.last_id += 1;
        let id = state.last_id;
        state.waiting.insert(id, Waiting { expected, answer });
        Ok((id, receiver))
    }

    fn deliver(&self, id: u64, response: Response) -> Result<(), StorageError> {
        let Some(waiting) = self.lock().waiting.remove(&id) else {
            return Err(StorageError::Misbehaved("an answer to a request that was not made, or a second one"));
        };
        let fits = match (&response, waiting.expected) {
            (Response::Error { .. }, _) => true,
            (Response::Listing(_), Expected::Listing) | (Response::Meta(_), Expected::Meta) => true,
            (Response::Data(data), Expected::AtMost(limit)) => data.len() as u64 <= limit,
            _ => false,
        };
        if !fits {
            let reason = StorageError::Misbehaved("an answer of another kind or size than was asked for");
            let _gone = waiting.answer.send(Err(reason.clone()));
            return Err(reason);
        }
        // The caller may have been cancelled meanwhile: its answer is then dropped here.
        let _gone = waiting.answer.send(Ok(response));
        Ok(())
    }

    fn fail(&self, id: u64, reason: StorageError) {
        if let Some(waiting) = self.lock().waiting.remove(&id) {
            let _gone = waiting.answer.send(Err(reason));
        }
    }

    fn close(&self, reason: StorageError) {
        let waiting = {
            let mut state = self.lock();
            state.closed.get_or_insert_with(|| reason.clone());
            std::mem::take(&mut state.waiting)
        };
        for (_, request) in waiting {
            let _gone = request.answer.send(Err(reason.clone()));
        }
    }

    fn reason(&self) -> StorageError {
        self.lock().closed.clone().unwrap_or(StorageError::Lost(io::ErrorKind::ConnectionAborted))
    }
}

async fn write_requests(
    mut half: WriteHalf<BoxedIo>,
    mut queue: mpsc::Receiver<(u64, Request)>,
    pending: Arc<Pending>,
) {
    while let Some((id, request)) = queue.recv().await {
        match storage::write_request(&mut half, id, &request).await {
            Ok(()) => {}
            // Nothing was written: the connection is as good as before.
            Err(casemate_wire::Error::FrameTooLarge { .. }) => pending.fail(id, StorageError::TooLong),
            Err(error) => return pending.close(lost(&error)),
        }
    }
}

async fn read_answers(half: ReadHalf<BoxedIo>, pending: Arc<Pending>) {
    let mut reader = BufReader::with_capacity(READ_BUFFER, half);
    let reason = loop {
        match storage::read_response(&mut reader).await {
            Ok(Some((id, response))) => {
                if let Err(reason) = pending.deliver(id, response) {
                    break reason;
                }
            }
            Ok(None) => break StorageError::Lost(io::ErrorKind::UnexpectedEof),
            Err(error) => break lost(&error),
        }
    };
    pending.close(reason);
}

fn lost(error: &casemate_wire::Error) -> StorageError {
    match error {
        casemate_wire::Error::Io(error) => StorageError::Lost(error.kind()),
        _ => StorageError::Misbehaved("a frame that the storage protocol doesn't have"),
    }
}
