//! The engine: it accepts connections, attests itself to each, and serves their sessions.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use casemate_wire::access_file::Client;
use casemate_wire::frame::StatusCode;
use casemate_wire::handshake::{self, ServerOptions};
use casemate_wire::session::ServerSession;
use casemate_wire::transport::{BoxedIo, Listener};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::compute::ComputePool;
use crate::config::EngineConfig;
use crate::datasets::Datasets;
use crate::environment::Environment;
use crate::error::EngineError;
use crate::events::Event;
use crate::execute::SparkSql;
use crate::keyring::Keyring;
use crate::memory::{Budget, BudgetKind, SessionPool};
use crate::session::{Ended, Session};
use crate::storage::StorageClient;

/// How long a client that is turned away is given to take the answer.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(2);

/// The pause after a failed accept: the usual cause is that there are no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Answers many clients at once, each in a session of its own.
pub struct Engine {
    config: EngineConfig,
    handshake: ServerOptions,
    compute: ComputePool,
    memory: Arc<Budget>,
    client_budgets: Mutex<HashMap<String, Arc<Budget>>>,
    handshakes: Semaphore,
    sessions: Semaphore,
    session_limit: usize,
    session_numbers: AtomicU64,
    stopping: CancellationToken,
}

impl Engine {
    /// An engine that is ready to serve.
    ///
    /// # Errors
    /// When the configuration makes no sense or the threads can't be started.
    pub fn new(config: EngineConfig) -> Result<Arc<Self>, EngineError> {
        if config.memory_limit == 0 || config.target_partitions == 0 || config.batch_size == 0 {
            return Err(EngineError::Config("memory limit, partitions and batch size are at least 1".to_owned()));
        }
        let allowed = usize::try_from(config.access.max_sessions).unwrap_or(usize::MAX);
        let session_limit = config.max_sessions.unwrap_or(allowed).min(allowed).min(Semaphore::MAX_PERMITS);
        Ok(Arc::new(Engine {
            handshake: ServerOptions::new(Arc::clone(&config.nsm), Arc::new(config.access.clone())),
            compute: ComputePool::new(config.target_partitions),
            memory: Budget::new(BudgetKind::Engine, config.memory_limit),
            client_budgets: Mutex::default(),
            handshakes: Semaphore::new(config.max_handshakes.clamp(1, Semaphore::MAX_PERMITS)),
            sessions: Semaphore::new(session_limit),
            session_limit,
            session_numbers: AtomicU64::new(0),
            stopping: CancellationToken::new(),
            config,
        }))
    }

    /// Accepts connections until `shutdown` fires; then closes the socket, stops every query with a sealed
    /// end, and returns when the sessions have ended or the grace period is over. The engine is then of no
    /// more use.
    ///
    /// # Errors
    /// None at present: a connection that can't be accepted is logged and the next one is waited for.
    pub async fn serve(self: &Arc<Self>, listener: Listener, shutdown: CancellationToken) -> Result<(), EngineError> {
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok(io) => {
                    let engine = Arc::clone(self);
                    connections.spawn(async move { engine.serve_connection(io).await });
                }
                Err(_) => {
                    Event::AcceptFailed.log();
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
            while connections.try_join_next().is_some() {}
        }
        drop(listener);
        Event::Stopping { sessions: self.open_sessions() }.log();
        self.stopping.cancel();
        let all_ended = async { while connections.join_next().await.is_some() {} };
        if timeout(self.config.shutdown_grace, all_ended).await.is_err() {
            connections.shutdown().await;
        }
        Ok(())
    }

    /// Serves one connection until it ends, wherever it comes from.
    pub async fn serve_connection(self: &Arc<Self>, io: BoxedIo) {
        let Some(session) = self.shake_hands(io).await else { return };
        let Ok(_slot) = self.sessions.try_acquire() else {
            // Between the first look and now others took the last places. Closing says enough.
            return Event::Busy.log();
        };
        let number = self.session_numbers.fetch_add(1, Ordering::Relaxed) + 1;
        Event::SessionOpened(number).log();
        let begin = Instant::now();
        let queries = self.serve_session(number, session).await;
        Event::SessionClosed { session: number, queries, lasted: begin.elapsed() }.log();
    }

    /// Sessions that are open now.
    pub fn open_sessions(&self) -> usize {
        self.session_limit.saturating_sub(self.sessions.available_permits())
    }

    /// Bytes that the queries of all sessions hold now.
    pub fn memory_used(&self) -> usize {
        self.memory.used()
    }

    async fn shake_hands(&self, io: BoxedIo) -> Option<ServerSession> {
        let permit = self.handshakes.try_acquire();
        if permit.is_err() || self.sessions.available_permits() == 0 || self.stopping.is_cancelled() {
            Event::Busy.log();
            // The client may not read it; then the closed connection is its answer.
            let _ = timeout(REFUSAL_TIMEOUT, handshake::refuse(io, StatusCode::Busy)).await;
            return None;
        }
        let accepted = tokio::select! {
            biased;
            () = self.stopping.cancelled() => return None,
            accepted = timeout(self.config.access.handshake_timeout, handshake::accept(io, &self.handshake)) => accepted,
        };
        match accepted {
            Ok(Ok(session)) => Some(session),
            Ok(Err(_)) | Err(_) => {
                Event::HandshakeFailed.log();
                None
            }
        }
    }

    async fn serve_session(&self, number: u64, mut session: ServerSession) -> u64 {
        let memory = SessionPool::new(Arc::clone(&self.memory), self.client_budget(&session.client));
        let datasets = Datasets::new(std::mem::take(&mut session.data_policy));
        let (receiver, sender, keys) = session.split();
        let storage =
            StorageClient::new(Arc::clone(&self.config.storage), Handle::current(), self.config.storage_options);
        let environment = Environment::new(memory, storage, Keyring::new(keys), datasets);
        let Ok(environment) = environment.map(Arc::new) else { return 0 };
        let Ok(sql) = SparkSql::new(&environment, self.config.target_partitions, self.config.batch_size) else {
            return 0;
        };
        let Ok(compute) = self.compute.join() else { return 0 };
        let session = Session {
            number,
            sql: Arc::new(sql),
            environment,
            compute: &compute,
            stopping: self.stopping.clone(),
            query_timeout: self.config.query_timeout,
            idle_timeout: self.config.access.idle_timeout,
        };
        let (ended, queries) = session.serve(receiver, sender).await;
        if ended == Ended::BadFrame {
            Event::BadFrame(number).log();
        }
        queries
    }

    /// The budget that all sessions of a client share, if it has a limit of its own.
    fn client_budget(&self, client: &Client) -> Option<Arc<Budget>> {
        let limit = client.memory_limit?;
        let mut budgets = self.client_budgets.lock().unwrap_or_else(PoisonError::into_inner);
        let budget = budgets.entry(client.name.clone()).or_insert_with(|| Budget::new(BudgetKind::Client, limit));
        Some(Arc::clone(budget))
    }
}

#[cfg(test)]
mod sql_tests;
#[cfg(test)]
mod tests;
