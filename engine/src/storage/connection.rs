//! Many requests on one connection to the parent's storage server.
//!
//! One task writes requests, one reads answers and hands each to the request with its id. What is in files goes from the
//! socket straight to the memory that the request brought along. Anything that no honest server sends ends the connection: an
//! unknown id, an answer of another kind, too many bytes.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::BytesMut;
use casemate_wire::storage::{self, Incoming, Request, Response};
use casemate_wire::transport::BoxedIo;
use sealed_parquet::Memory;
use tokio::io::{AsyncBufReadExt, BufReader, ReadHalf, WriteHalf};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::buffers::ReservedBuffers;
use super::error::StorageError;

/// Requests that wait for the writer; beyond that callers wait.
const QUEUED_REQUESTS: usize = 64;

/// Bytes that are read ahead: the beginnings of answers, and small ones as a whole. Larger ones are read past it.
const READ_BUFFER: usize = 16 << 10;

type Answer = Result<Answered, StorageError>;

/// What came for a request.
#[derive(Debug)]
pub(super) enum Answered {
    /// The bytes of a file, in the memory that the request brought.
    Data(BytesMut),
    /// Anything else.
    Response(Response),
}

/// Memory for the bytes of a file: an empty buffer with room for them.
#[derive(Debug)]
pub(super) struct Place {
    pub buffer: BytesMut,
    /// Reserved as long as an answer may still be written there.
    pub memory: ReservedBuffers,
}

impl Place {
    /// A place of the same size, when what happened to this one is not known.
    pub fn another(memory: &ReservedBuffers, length: usize) -> Self {
        Place { buffer: memory.take(length), memory: memory.clone() }
    }
}

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

    /// Sends a request and waits for its answer; a request for data comes with a place for it. An answer that comes after the
    /// caller is gone is thrown away.
    pub async fn call(&self, request: Request, place: Option<Place>) -> Answer {
        let (id, answer) = self.pending.register(&request, place)?;
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
#[derive(Debug)]
enum Expected {
    Listing,
    Meta,
    /// So many bytes, which are written there.
    Data(u64, Option<Place>),
}

impl Pending {
    fn lock(&self) -> MutexGuard<'_, PendingState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn register(
        &self,
        request: &Request,
        place: Option<Place>,
    ) -> Result<(u64, oneshot::Receiver<Answer>), StorageError> {
        let expected = match request {
            Request::List { .. } => Expected::Listing,
            Request::Head { .. } => Expected::Meta,
            Request::Get { start, end, .. } => Expected::Data(end.saturating_sub(*start), place),
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

    fn take(&self, id: u64) -> Result<Waiting, StorageError> {
        let waiting = self.lock().waiting.remove(&id);
        waiting.ok_or(StorageError::Misbehaved("an answer to a request that was not made, or a second one"))
    }

    fn deliver(&self, id: u64, response: Response) -> Result<(), StorageError> {
        let waiting = self.take(id)?;
        match (&response, &waiting.expected) {
            (Response::Error { .. }, _)
            | (Response::Listing(_), Expected::Listing)
            | (Response::Meta(_), Expected::Meta) => {
                // The caller may have been cancelled meanwhile: its answer is then dropped here.
                let _gone = waiting.answer.send(Ok(Answered::Response(response)));
                Ok(())
            }
            _ => Err(waiting.refuse()),
        }
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

impl Waiting {
    /// Fails the request and tells what to end the connection with.
    fn refuse(self) -> StorageError {
        let reason = StorageError::Misbehaved("an answer of another kind or size than was asked for");
        self.fail(reason.clone());
        reason
    }

    fn fail(self, reason: StorageError) {
        let _gone = self.answer.send(Err(reason));
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
        let taken = match storage::read_incoming(&mut reader).await {
            Ok(Some(Incoming::Response(id, response))) => pending.deliver(id, response),
            Ok(Some(Incoming::Data { id, len })) => match pending.take(id) {
                Ok(waiting) => receive(&mut reader, waiting, len).await,
                Err(reason) => Err(reason),
            },
            Ok(None) => break StorageError::Lost(io::ErrorKind::UnexpectedEof),
            Err(error) => break lost(&error),
        };
        if let Err(reason) = taken {
            break reason;
        }
    };
    pending.close(reason);
}

/// Reads `len` bytes of a file to their place.
async fn receive(
    reader: &mut BufReader<ReadHalf<BoxedIo>>,
    mut waiting: Waiting,
    len: usize,
) -> Result<(), StorageError> {
    let Expected::Data(limit, place) = &mut waiting.expected else { return Err(waiting.refuse()) };
    if len as u64 > *limit {
        return Err(waiting.refuse());
    }
    // The memory of a request that was cancelled is free at once.
    let Some(mut place) = place.take().filter(|_| !waiting.answer.is_closed()) else {
        return skip(reader, len).await.map_err(|error| StorageError::Lost(error.kind()));
    };
    match storage::read_data(reader, len, &mut place.buffer).await {
        Ok(()) => {
            let _gone = waiting.answer.send(Ok(Answered::Data(place.buffer)));
            Ok(())
        }
        Err(error) => {
            let reason = lost(&error);
            waiting.fail(reason.clone());
            Err(reason)
        }
    }
}

async fn skip(reader: &mut BufReader<ReadHalf<BoxedIo>>, len: usize) -> io::Result<()> {
    let mut left = len;
    while left > 0 {
        let there = reader.fill_buf().await?.len().min(left);
        if there == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        reader.consume(there);
        left -= there;
    }
    Ok(())
}

fn lost(error: &casemate_wire::Error) -> StorageError {
    match error {
        casemate_wire::Error::Io(error) => StorageError::Lost(error.kind()),
        _ => StorageError::Misbehaved("a frame that the storage protocol doesn't have"),
    }
}
