//! Requests to the parent's storage server with retries, time limits and a bound on what is in flight.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use casemate_wire::storage::{ErrorCode, ObjectMeta, Request, Response};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, Semaphore};

use super::buffers::ReservedBuffers;
use super::connection::{Answered, Connection, Place};
use super::connector::StorageConnector;
use super::error::{StorageError, printable};

/// How patient a storage client is.
#[derive(Debug, Clone, Copy)]
pub struct StorageOptions {
    /// How long one request, or making a connection, may take.
    pub timeout: Duration,
    /// How often a request is tried again after the connection broke.
    pub retries: u32,
    /// The pause before the first new try; it doubles with each.
    pub backoff: Duration,
    /// Requests that may wait for their answer at the same time.
    pub in_flight: usize,
}

impl Default for StorageOptions {
    fn default() -> Self {
        StorageOptions {
            timeout: Duration::from_secs(30),
            retries: 3,
            backoff: Duration::from_millis(100),
            in_flight: 16,
        }
    }
}

/// A client of the parent's storage server. It connects when it is first used, again when the connection
/// broke, and every request is a read, so that it can be repeated.
pub struct StorageClient {
    connector: Arc<dyn StorageConnector>,
    runtime: Handle,
    options: StorageOptions,
    connection: Mutex<Option<Arc<Connection>>>,
    in_flight: Semaphore,
}

impl fmt::Debug for StorageClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StorageClient").field("options", &self.options).finish_non_exhaustive()
    }
}

impl StorageClient {
    /// A client whose connections live on `runtime`, whichever runtime asks.
    pub fn new(connector: Arc<dyn StorageConnector>, runtime: Handle, options: StorageOptions) -> Self {
        let in_flight = Semaphore::new(options.in_flight.max(1));
        StorageClient { connector, runtime, options, connection: Mutex::new(None), in_flight }
    }

    /// All objects whose path starts with `prefix`.
    ///
    /// # Errors
    /// When the parent can't be reached, refuses, or answers with something else.
    pub async fn list(&self, prefix: &str) -> Result<Vec<ObjectMeta>, StorageError> {
        match self.request(prefix, Request::List { prefix: prefix.to_owned() }, None).await? {
            Answered::Response(Response::Listing(objects)) => Ok(objects),
            _ => Err(StorageError::Misbehaved("no listing where one was asked for")),
        }
    }

    /// One object's size and time.
    ///
    /// # Errors
    /// [`StorageError::NotFound`] when there is no such object, others as for [`Self::list`].
    pub async fn head(&self, path: &str) -> Result<ObjectMeta, StorageError> {
        match self.request(path, Request::Head { path: path.to_owned() }, None).await? {
            Answered::Response(Response::Meta(meta)) if meta.path == path => Ok(meta),
            _ => Err(StorageError::Misbehaved("the facts of another object than was asked for")),
        }
    }

    /// Exactly the bytes `start..end` of an object, in `buffer`, which is empty, has room for them and is of `memory`.
    ///
    /// # Errors
    /// [`StorageError::WrongLength`] when fewer bytes come, others as for [`Self::head`].
    pub async fn get(
        &self,
        path: &str,
        start: u64,
        end: u64,
        buffer: BytesMut,
        memory: &ReservedBuffers,
    ) -> Result<BytesMut, StorageError> {
        let expected = end.saturating_sub(start);
        if expected == 0 {
            return Ok(buffer);
        }
        let place = Place { buffer, memory: memory.clone() };
        match self.request(path, Request::Get { path: path.to_owned(), start, end }, Some(place)).await? {
            Answered::Data(data) if data.len() as u64 == expected => Ok(data),
            Answered::Data(data) => {
                Err(StorageError::WrongLength { path: path.to_owned(), expected, received: data.len() as u64 })
            }
            Answered::Response(_) => Err(StorageError::Misbehaved("no data where data was asked for")),
        }
    }

    async fn request(&self, path: &str, request: Request, mut place: Option<Place>) -> Result<Answered, StorageError> {
        // The semaphore is never closed; were it, the request would merely not be bounded.
        let _permit = self.in_flight.acquire().await.ok();
        let again = place.as_ref().map(|place| (place.memory.clone(), place.buffer.capacity()));
        let mut pause = self.options.backoff;
        let mut attempt = 0;
        loop {
            match self.try_once(request.clone(), place.take()).await {
                Err(error) if error.is_transient() && attempt < self.options.retries => {
                    attempt += 1;
                    tokio::time::sleep(pause).await;
                    pause = pause.saturating_mul(2);
                    place = again.as_ref().map(|(memory, length)| Place::another(memory, *length));
                }
                Ok(Answered::Response(Response::Error { code, message })) => return Err(refusal(path, code, &message)),
                outcome => return outcome,
            }
        }
    }

    async fn try_once(&self, request: Request, place: Option<Place>) -> Result<Answered, StorageError> {
        let connection = self.connection().await?;
        match tokio::time::timeout(self.options.timeout, connection.call(request, place)).await {
            Ok(answer) => answer,
            Err(_) => {
                let error = StorageError::TimedOut(self.options.timeout);
                connection.close(error.clone());
                Err(error)
            }
        }
    }

    async fn connection(&self) -> Result<Arc<Connection>, StorageError> {
        let mut current = self.connection.lock().await;
        if let Some(connection) = current.as_ref().filter(|connection| !connection.is_closed()) {
            return Ok(Arc::clone(connection));
        }
        // A socket belongs to the runtime that opened it.
        let connector = Arc::clone(&self.connector);
        let connecting = self.runtime.spawn(async move { connector.connect().await });
        let _abort = AbortOnDrop(connecting.abort_handle());
        let io = match tokio::time::timeout(self.options.timeout, connecting).await {
            Ok(Ok(Ok(io))) => io,
            Ok(Ok(Err(error))) => return Err(StorageError::Unreachable(error.kind())),
            Ok(Err(_)) => return Err(StorageError::Lost(std::io::ErrorKind::Other)),
            Err(_) => return Err(StorageError::TimedOut(self.options.timeout)),
        };
        let connection = Arc::new(Connection::start(io, &self.runtime));
        *current = Some(Arc::clone(&connection));
        Ok(connection)
    }
}

fn refusal(path: &str, code: ErrorCode, message: &str) -> StorageError {
    match code {
        ErrorCode::NotFound => StorageError::NotFound { path: path.to_owned() },
        _ => StorageError::Refused { path: path.to_owned(), message: printable(message) },
    }
}

struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
