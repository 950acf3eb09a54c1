//! One client's session: its queries in order, one at a time, until it goes away.

use std::sync::Arc;
use std::time::Duration;

use casemate_wire::session::{Request, ServerReceiver, ServerSender};
use tokio_util::sync::CancellationToken;

use crate::compute::ComputeRuntime;
use crate::environment::Environment;
use crate::events::Event;
use crate::execute::Sql;
use crate::query::{self, Outcome};
use crate::requests::{Requests, Waiting};
use crate::stop::{Stop, StopReason};

/// How long the end of a session waits for a client that doesn't read.
const GOODBYE: Duration = Duration::from_secs(1);

/// What a session needs besides its connection.
pub struct Session<'a, S> {
    /// Counts the engine's sessions, for the log.
    pub number: u64,
    /// The SQL library's side.
    pub sql: Arc<S>,
    /// Memory, storage and keys; they end with the session.
    pub environment: Arc<Environment>,
    /// Where queries are computed.
    pub compute: &'a ComputeRuntime,
    /// Fires when the engine stops.
    pub stopping: CancellationToken,
    /// How long a query may take.
    pub query_timeout: Option<Duration>,
    /// How long a client may ask nothing, or read nothing of a result that waits for it.
    pub idle_timeout: Duration,
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The client closed it or its connection.
    ByClient,
    /// The client sent something that the protocol doesn't have.
    BadFrame,
    /// The client was silent for too long.
    Idle,
    /// The engine stops.
    Stopping,
}

impl<S: Sql> Session<'_, S> {
    /// Serves the session until its end. Gives why it ended and how many queries it ran.
    pub async fn serve(&self, mut receiver: ServerReceiver, mut sender: ServerSender) -> (Ended, u64) {
        let requests = Requests::default();
        let mut queries = 0;
        let ended = tokio::select! {
            biased;
            // Both run until one has a reason to end: the connection's reader must go on while a query runs,
            // because a cancellation, and the client's going away, arrive there.
            ended = read(&mut receiver, &requests) => ended,
            ended = self.answer(&mut sender, &requests, &mut queries) => ended,
        };
        // What was sealed last must reach the client before the connection closes. One that is gone costs nothing.
        let _ = tokio::time::timeout(GOODBYE, sender.shutdown()).await;
        (ended, queries)
    }

    async fn answer(&self, sender: &mut ServerSender, requests: &Requests, queries: &mut u64) -> Ended {
        loop {
            let waiting = tokio::select! {
                biased;
                () = self.stopping.cancelled() => return Ended::Stopping,
                waiting = tokio::time::timeout(self.idle_timeout, requests.next()) => match waiting {
                    Ok(waiting) => waiting,
                    Err(_) => return Ended::Idle,
                },
            };
            *queries += 1;
            let stream = waiting.secret.stream();
            let outcome = self.query(sender, waiting).await;
            requests.ended(stream);
            match outcome {
                Ok(Outcome::Panicked) => Event::QueryPanicked(self.number).log(),
                Ok(Outcome::Stopped(StopReason::ShuttingDown)) => return Ended::Stopping,
                Ok(_) => {}
                Err(ended) => return ended,
            }
        }
    }

    async fn query(&self, sender: &mut ServerSender, waiting: Waiting) -> Result<Outcome, Ended> {
        let stop = Stop::new(waiting.cancelled, self.stopping.clone(), self.query_timeout);
        let sealer = sender.start(waiting.secret);
        let run = query::Run { environment: &self.environment, compute: self.compute, patience: self.idle_timeout };
        run.query(waiting.sql, &self.sql, &stop, sealer).await.map_err(|error| match error {
            query::Interrupted::NotRead => Ended::Idle,
            query::Interrupted::Connection(_) => Ended::ByClient,
        })
    }
}

impl<S> Drop for Session<'_, S> {
    /// The keys go first: a computation that was stopped just now may hold the environment a moment longer.
    fn drop(&mut self) {
        self.environment.keyring.forget();
    }
}

async fn read(receiver: &mut ServerReceiver, requests: &Requests) -> Ended {
    loop {
        match receiver.next().await {
            Ok(Request::Query { sql, secret, .. }) => {
                if requests.push(sql, secret).is_err() {
                    return Ended::BadFrame;
                }
            }
            Ok(Request::Cancel { stream }) => requests.cancel(stream),
            Ok(Request::Close) => return Ended::ByClient,
            Err(casemate_wire::Error::Closed | casemate_wire::Error::Io(_) | casemate_wire::Error::Truncated) => {
                return Ended::ByClient;
            }
            Err(_) => return Ended::BadFrame,
        }
    }
}

#[cfg(test)]
mod tests;
