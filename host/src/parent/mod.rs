//! The parent instance's server: relays clients to the enclave and serves tables to it. It holds no key and
//! sees sizes, times and file names.

mod answers;
mod counters;
mod data;
mod record;
mod relay;
mod storage;

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use casemate_wire::address::Address;
use casemate_wire::frame::StatusCode;
use casemate_wire::transport::{self, BoxedIo, Listener};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use counters::{CounterValues, Counters};
#[cfg(feature = "s3")]
pub use data::{BucketOptions, DataBucket};
pub use data::{Content, DataDirectory, DataError, DataFile, DataSource, FileEntry, FileRange};
pub use record::Recorder;

use storage::StorageServer;

/// Client connections relayed at once; further ones are closed.
const MAX_CLIENTS: usize = 1024;

/// Storage connections at once; further ones are closed.
const MAX_STORAGE_CONNECTIONS: usize = 256;

/// The pause after a failed accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long an enclave may take to accept a connection by which it shows that it is there.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// How the relay reaches the enclave.
#[async_trait]
pub trait EnclaveConnector: Send + Sync {
    /// Opens a connection to the enclave.
    async fn connect(&self) -> io::Result<BoxedIo>;
    /// Whether there is no enclave any more. Asked when a connection to it ended and its client still expected
    /// something. One that can't go away while this process lives is never gone.
    async fn is_gone(&self) -> bool {
        false
    }
    /// Where it is, for messages.
    fn describe(&self) -> String;
}

#[async_trait]
impl EnclaveConnector for Address {
    async fn connect(&self) -> io::Result<BoxedIo> {
        transport::connect(self).await
    }

    async fn is_gone(&self) -> bool {
        !matches!(timeout(PROBE_TIMEOUT, transport::connect(self)).await, Ok(Ok(_)))
    }

    fn describe(&self) -> String {
        self.to_string()
    }
}

/// Relay and storage server with shared counters.
pub struct ParentServer {
    storage: Arc<StorageServer>,
    counters: Arc<Counters>,
    recorder: Option<Recorder>,
    clients: Arc<Semaphore>,
    storage_connections: Arc<Semaphore>,
}

impl ParentServer {
    /// A server of `data` that records what passes if there is a `recorder`.
    pub fn new(data: impl Into<DataSource>, recorder: Option<Recorder>) -> Arc<Self> {
        let counters = Arc::new(Counters::default());
        Arc::new(Self {
            storage: Arc::new(StorageServer::new(data.into(), counters.clone())),
            counters,
            recorder,
            clients: Arc::new(Semaphore::new(MAX_CLIENTS)),
            storage_connections: Arc::new(Semaphore::new(MAX_STORAGE_CONNECTIONS)),
        })
    }

    /// What has passed so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Relays every connection to `listener` to the enclave until `shutdown`, which ends those that are open.
    pub async fn serve_clients(
        self: Arc<Self>,
        listener: Listener,
        enclave: Arc<dyn EnclaveConnector>,
        shutdown: CancellationToken,
    ) {
        accept_until(&listener, &self.clients, &shutdown, |io| {
            let (server, enclave) = (self.clone(), enclave.clone());
            async move { server.relay_client(io, enclave.as_ref()).await }
        })
        .await;
    }

    /// Answers storage requests of every connection to `listener` until `shutdown`.
    pub async fn serve_storage(self: Arc<Self>, listener: Listener, shutdown: CancellationToken) {
        accept_until(&listener, &self.storage_connections, &shutdown, |io| {
            let server = self.clone();
            async move { server.serve_storage_connection(io).await }
        })
        .await;
    }

    /// Relays one client until either side ends.
    pub async fn relay_client(&self, client: BoxedIo, enclave: &dyn EnclaveConnector) {
        let to_enclave = match enclave.connect().await {
            Ok(io) => io,
            Err(error) => {
                tracing::warn!("client turned away: no enclave at {}: {error}", enclave.describe());
                self.counters.refused.fetch_add(1, Ordering::Relaxed);
                return relay::say_goodbye(client, StatusCode::Unavailable).await;
            }
        };
        let client = match record::relay(self.recorder.as_ref(), client) {
            Ok(client) => client,
            Err(error) => return tracing::error!("client connection closed, it can't be recorded: {error}"),
        };
        self.counters.connections.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = relay::relay(client, to_enclave, &self.counters, enclave.is_gone()).await {
            tracing::info!("client connection ended: {error}");
        }
    }

    /// Answers the storage requests of one connection until it ends.
    pub async fn serve_storage_connection(&self, engine: BoxedIo) {
        let engine = match record::storage(self.recorder.as_ref(), engine) {
            Ok(engine) => engine,
            Err(error) => return tracing::error!("storage connection closed, it can't be recorded: {error}"),
        };
        self.counters.storage_connections.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = self.storage.clone().serve(engine).await {
            tracing::info!("storage connection ended: {error}");
        }
    }
}

/// Handles connections until `shutdown`, each in a task of its own, no more than there are `slots`.
async fn accept_until<F: Future<Output = ()> + Send + 'static>(
    listener: &Listener,
    slots: &Arc<Semaphore>,
    shutdown: &CancellationToken,
    mut handle: impl FnMut(BoxedIo) -> F,
) {
    let tasks = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.cancelled() => break,
        };
        match (accepted, slots.clone().try_acquire_owned()) {
            (Ok(io), Ok(slot)) => {
                let work = shutdown.clone().run_until_cancelled_owned(handle(io));
                tasks.spawn(async move {
                    work.await;
                    drop(slot);
                });
            }
            (Ok(_), Err(_)) => tracing::warn!("connection closed: too many at once"),
            (Err(error), _) => {
                // Out of file descriptors, most likely: others must end before this can go better.
                tracing::warn!("no connection accepted: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    tasks.close();
    tasks.wait().await;
}

#[cfg(test)]
mod tests;
