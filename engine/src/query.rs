//! One query: computed on one side, sealed and sent on the other, with at most a few batches between them.
//!
//! The computation hands each batch over as soon as it has it and computes the next one while that is
//! sealed and sent. It waits when the client doesn't read, and ends at once when it must.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use casemate_wire::Error;
use casemate_wire::frame::MAX_RECORD_PLAINTEXT;
use casemate_wire::session::{EndStatus, QueryFailure, ResultSealer};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use futures::StreamExt;
use spark_compat::error::SparkError;
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use crate::compute::ComputeRuntime;
use crate::environment::Environment;
use crate::execute::{Interrupt, Sql};
use crate::failure::{internal_failure, query_failure, unsendable};
use crate::stop::{Stop, StopReason};

/// How a query ended, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// With a result, or an error that is the client's own.
    Answered,
    /// Because it was stopped.
    Stopped(StopReason),
    /// With a panic.
    Panicked,
}

/// How far a query came. Both sides watch for a stop, and either may notice it first.
enum Computed {
    Whole,
    Failed(QueryFailure),
    Stopped(StopReason),
}

/// A step of a query's result, on its way from the computation to the client.
enum Step {
    Schema(SchemaRef),
    Batch(RecordBatch, MemoryReservation),
    StatementEnd,
}

/// Why a query's result could not be sent to its end: the session is then over.
#[derive(Debug, thiserror::Error)]
pub enum Interrupted {
    /// The client did not read for too long.
    #[error("the client did not read its result")]
    NotRead,
    /// The connection failed.
    #[error(transparent)]
    Connection(#[from] casemate_wire::Error),
}

/// What queries of one session run with.
pub struct Run<'a> {
    /// Memory and keys.
    pub environment: &'a Arc<Environment>,
    /// Where they are computed.
    pub compute: &'a ComputeRuntime,
    /// How long the client may leave one record unread.
    pub patience: Duration,
}

impl Run<'_> {
    /// Runs `sql` and sends everything it gives, up to and including the authenticated end.
    ///
    /// # Errors
    /// When the end could not be sent.
    pub async fn query<S: Sql>(
        &self,
        sql: Zeroizing<String>,
        session: &Arc<S>,
        stop: &Stop,
        mut sealer: ResultSealer<'_>,
    ) -> Result<Outcome, Interrupted> {
        // One step may wait here while another is sealed and a third is computed.
        let (steps, mut arriving) = mpsc::channel(1);
        let interrupt = InterruptOnDrop(Interrupt::new());
        let computation = Computation {
            session: Arc::clone(session),
            environment: Arc::clone(self.environment),
            interrupt: interrupt.0.clone(),
            steps,
        };
        let stop_computing = stop.clone();
        let mut task = self.compute.spawn(async move {
            tokio::select! {
                biased;
                reason = stop_computing.requested() => Computed::Stopped(reason),
                outcome = computation.run(&sql) => outcome,
            }
        });
        let cut_short = tokio::select! {
            biased;
            never = interrupt.when(stop) => match never {},
            cut_short = self.forward(&mut arriving, stop, &mut sealer) => cut_short?,
        };
        drop(arriving);
        let computed = match cut_short {
            Some(why) => Ok(why),
            None => (&mut task).await,
        };
        // The interrupt makes the plan fail, and that failure may arrive before the stop itself is noticed.
        let computed = match (computed, stop.already_requested()) {
            (Ok(Computed::Failed(_)), Some(reason)) => Ok(Computed::Stopped(reason)),
            (computed, _) => computed,
        };
        let (status, outcome) = match computed {
            Ok(Computed::Whole) => (EndStatus::Ok, Outcome::Answered),
            Ok(Computed::Failed(failure)) => (EndStatus::Failed(failure), Outcome::Answered),
            Ok(Computed::Stopped(reason)) => (reason.status(), Outcome::Stopped(reason)),
            Err(_) => (EndStatus::Failed(internal_failure()), Outcome::Panicked),
        };
        drop(task);
        self.patiently(sealer.end(status)).await?;
        Ok(outcome)
    }

    /// Seals and sends steps until there are no more; or until the query must stop, or gives what can't be sent.
    async fn forward(
        &self,
        arriving: &mut mpsc::Receiver<Step>,
        stop: &Stop,
        sealer: &mut ResultSealer<'_>,
    ) -> Result<Option<Computed>, Interrupted> {
        loop {
            let step = tokio::select! {
                biased;
                reason = stop.requested() => return Ok(Some(Computed::Stopped(reason))),
                step = arriving.recv() => step,
            };
            let sent = match step {
                Some(Step::Schema(schema)) => self.patiently(sealer.schema(&schema)).await,
                Some(Step::Batch(batch, _reserved_until_sent)) => self.patiently(sealer.batch(&batch)).await,
                Some(Step::StatementEnd) => self.patiently(sealer.statement_end()).await.map(drop),
                None => return Ok(None),
            };
            match sent {
                // Nothing of such a record was written, and the connection is as good as before.
                Err(Interrupted::Connection(error @ (Error::RowTooLarge(_) | Error::Arrow(_)))) => {
                    return Ok(Some(Computed::Failed(unsendable(&error))));
                }
                sent => sent?,
            }
        }
    }

    /// A record that has begun must be finished, or the connection is of no use any more: a stop waits for it.
    async fn patiently<T>(&self, write: impl Future<Output = casemate_wire::Result<T>>) -> Result<T, Interrupted> {
        match tokio::time::timeout(self.patience, write).await {
            Ok(written) => Ok(written?),
            Err(_) => Err(Interrupted::NotRead),
        }
    }
}

/// Stops a computation that is too busy to notice that nobody waits for it.
struct InterruptOnDrop(Interrupt);

impl InterruptOnDrop {
    /// Interrupts when the query must stop, even while a record is on its way to a client that doesn't read.
    async fn when(&self, stop: &Stop) -> Infallible {
        stop.requested().await;
        self.0.interrupt();
        std::future::pending().await
    }
}

impl Drop for InterruptOnDrop {
    fn drop(&mut self) {
        self.0.interrupt();
    }
}

/// What runs on the compute threads.
struct Computation<S> {
    session: Arc<S>,
    environment: Arc<Environment>,
    interrupt: Interrupt,
    steps: mpsc::Sender<Step>,
}

impl<S: Sql> Computation<S> {
    async fn run(self, sql: &str) -> Computed {
        let Environment { memory, keyring, datasets, .. } = self.environment.as_ref();
        match self.statements(sql).await {
            Ok(()) => Computed::Whole,
            Err(error) => Computed::Failed(query_failure(&error, memory, keyring, datasets)),
        }
    }

    async fn statements(&self, sql: &str) -> Result<(), SparkError> {
        for statement in self.session.parse(sql)? {
            let mut batches = self.session.execute(&statement, &self.interrupt).await?;
            if !self.send(Step::Schema(batches.schema())).await {
                return Ok(());
            }
            while let Some(batch) = batches.next().await {
                let batch = batch.map_err(SparkError::from)?;
                if batch.num_rows() == 0 {
                    continue;
                }
                let reservation = self.reserve(&batch)?;
                if !self.send(Step::Batch(batch, reservation)).await {
                    return Ok(());
                }
            }
            if !self.send(Step::StatementEnd).await {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Memory of a batch that is no longer the plan's and not yet sent: itself, and the record that is sealed
    /// from it, or from a part of it if it is large.
    fn reserve(&self, batch: &RecordBatch) -> Result<MemoryReservation, SparkError> {
        let pool: Arc<dyn MemoryPool> = Arc::clone(&self.environment.memory) as _;
        let reservation = MemoryConsumer::new("result batches").register(&pool);
        let bytes = batch_bytes(batch);
        reservation.try_grow(bytes.saturating_add(bytes.min(MAX_RECORD_PLAINTEXT)))?;
        Ok(reservation)
    }

    /// Whether the other side still wants steps.
    async fn send(&self, step: Step) -> bool {
        self.steps.send(step).await.is_ok()
    }
}

/// What the rows of a batch take when they are copied; their buffers may be shared with a larger batch.
fn batch_bytes(batch: &RecordBatch) -> usize {
    let column_bytes = |column: &Arc<dyn Array>| {
        let whole = column.get_array_memory_size();
        column.to_data().get_slice_memory_size().unwrap_or(whole)
    };
    batch.columns().iter().map(column_bytes).sum()
}
