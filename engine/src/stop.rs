//! Why a running query may have to stop before its end, and how it learns that.

use std::time::Duration;

use casemate_wire::session::{EndStatus, QueryFailure};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Why a query was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// The client asked for it.
    Cancelled,
    /// It took longer than a query may.
    TimedOut(Duration),
    /// The engine is stopping.
    ShuttingDown,
}

impl StopReason {
    /// What the client is told.
    pub fn status(self) -> EndStatus {
        match self {
            StopReason::Cancelled => EndStatus::Cancelled,
            StopReason::TimedOut(limit) => failed(
                "timeout",
                format!(
                    "the query took longer than the engine allows ({} s, --query-timeout): read fewer rows, or have \
                     the limit raised",
                    limit.as_secs_f64()
                ),
            ),
            StopReason::ShuttingDown => {
                failed("shutdown", "the engine is stopping: connect again and repeat the query".to_owned())
            }
        }
    }
}

fn failed(kind: &str, message: String) -> EndStatus {
    EndStatus::Failed(QueryFailure { kind: kind.to_owned(), message, position: None })
}

/// What can stop one query.
#[derive(Debug, Clone)]
pub struct Stop {
    cancelled: CancellationToken,
    stopping: CancellationToken,
    limit: Option<(Instant, Duration)>,
}

impl Stop {
    /// For a query that starts now: the client's wish, the engine's end, and a time limit.
    pub fn new(cancelled: CancellationToken, stopping: CancellationToken, timeout: Option<Duration>) -> Self {
        let limit = timeout.and_then(|timeout| Some((Instant::now().checked_add(timeout)?, timeout)));
        Stop { cancelled, stopping, limit }
    }

    /// Whether the query must stop now.
    pub fn already_requested(&self) -> Option<StopReason> {
        if self.cancelled.is_cancelled() {
            return Some(StopReason::Cancelled);
        }
        if self.stopping.is_cancelled() {
            return Some(StopReason::ShuttingDown);
        }
        let (_, limit) = self.limit.filter(|(deadline, _)| Instant::now() >= *deadline)?;
        Some(StopReason::TimedOut(limit))
    }

    /// Waits until the query must stop, maybe for ever. Cancel safe.
    pub async fn requested(&self) -> StopReason {
        let timed_out = async {
            match self.limit {
                Some((deadline, limit)) => {
                    tokio::time::sleep_until(deadline).await;
                    limit
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.cancelled.cancelled() => StopReason::Cancelled,
            () = self.stopping.cancelled() => StopReason::ShuttingDown,
            limit = timed_out => StopReason::TimedOut(limit),
        }
    }
}
