//! The requests of one session that wait or run: queries in order, and who may still be cancelled.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use casemate_wire::session::StreamSecret;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// Query texts that may wait; a text can have a megabyte.
const MAX_WAITING: usize = 64;

/// A query that waits for its turn.
pub struct Waiting {
    /// The text.
    pub sql: Zeroizing<String>,
    /// What seals the answer.
    pub secret: StreamSecret,
    /// Fires when the client cancels this query.
    pub cancelled: CancellationToken,
}

/// The queue between a session's reader and the one that runs its queries.
#[derive(Default)]
pub struct Requests {
    state: Mutex<State>,
    arrived: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// By stream: everything that waits or runs.
    live: HashMap<u64, CancellationToken>,
}

/// More queries than a session may have waiting.
#[derive(Debug)]
pub struct TooManyWaiting;

impl Requests {
    /// Appends a query.
    ///
    /// # Errors
    /// [`TooManyWaiting`] when the queue is full: no honest client runs that far ahead.
    pub fn push(&self, sql: String, secret: StreamSecret) -> Result<(), TooManyWaiting> {
        let mut state = self.lock();
        if state.waiting.len() >= MAX_WAITING {
            return Err(TooManyWaiting);
        }
        let cancelled = CancellationToken::new();
        state.live.insert(secret.stream(), cancelled.clone());
        state.waiting.push_back(Waiting { sql: Zeroizing::new(sql), secret, cancelled });
        self.arrived.notify_one();
        Ok(())
    }

    /// Cancels the query of a stream; one that has ended, or never was, is no error.
    pub fn cancel(&self, stream: u64) {
        if let Some(token) = self.lock().live.get(&stream) {
            token.cancel();
        }
    }

    /// Waits for the next query. Cancel safe.
    pub async fn next(&self) -> Waiting {
        loop {
            if let Some(waiting) = self.lock().waiting.pop_front() {
                return waiting;
            }
            self.arrived.notified().await;
        }
    }

    /// To be called when a query has ended.
    pub fn ended(&self, stream: u64) {
        self.lock().live.remove(&stream);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
