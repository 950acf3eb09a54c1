//! A statement that has been resolved and is ready to run.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use datafusion::execution::{SendableRecordBatchStream, SessionState};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{EmptyRecordBatchStream, ExecutionPlan, execute_stream};

use super::command::Command;
use super::interrupt::{Interrupt, InterruptOnDrop, interruptible};
use super::output;
use super::rows;
use super::schema::SparkSchema;
use crate::error::Result;

/// A resolved statement: its result's columns are known, nothing has run yet.
#[derive(Debug)]
pub struct Prepared {
    pub(super) schema: SparkSchema,
    /// How timestamps in the result are labelled.
    pub(super) time_zone: String,
    pub(super) action: Action,
}

/// What running the statement does.
#[derive(Debug)]
pub(super) enum Action {
    Query(Box<PlannedQuery>),
    Command(Command),
}

/// A query's plan, whose columns are those of the result by position.
#[derive(Debug)]
pub(super) struct PlannedQuery {
    pub plan: LogicalPlan,
    pub state: SessionState,
}

impl Prepared {
    /// The columns of the result; none for statements without a result.
    pub fn schema(&self) -> &SparkSchema {
        &self.schema
    }

    /// The logical plan of a query before DataFusion's optimizer; none for other statements.
    pub fn logical_plan(&self) -> Option<&LogicalPlan> {
        match &self.action {
            Action::Query(query) => Some(&query.plan),
            Action::Command(_) => None,
        }
    }

    /// The plan that DataFusion runs for a query; none for other statements.
    pub async fn physical_plan(&self) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        match &self.action {
            Action::Query(query) => Ok(Some(query.physical_plan().await?)),
            Action::Command(_) => Ok(None),
        }
    }

    /// Runs the statement. The stream's schema is [`SparkSchema::to_arrow`] in the session time zone; statements without
    /// a result take effect here and give a stream without columns and without batches.
    ///
    /// Dropping the stream cancels the query.
    pub async fn execute(self) -> Result<SendableRecordBatchStream> {
        self.execute_until(&Interrupt::new()).await
    }

    /// The same, and `interrupt` stops the query from elsewhere, even while a thread is busy with it.
    pub async fn execute_until(self, interrupt: &Interrupt) -> Result<SendableRecordBatchStream> {
        let schema = self.schema.to_arrow(&self.time_zone);
        match self.action {
            Action::Query(query) => {
                let plan = interruptible(query.physical_plan().await?, interrupt)?;
                let stream = output::converted(execute_stream(plan, query.state.task_ctx())?, schema);
                Ok(Box::pin(InterruptOnDrop { stream, interrupt: interrupt.clone() }))
            }
            Action::Command(command) => {
                let rows = command.run()?;
                if schema.fields().is_empty() {
                    return Ok(Box::pin(EmptyRecordBatchStream::new(schema)));
                }
                let batch = Ok(rows::batch(Arc::clone(&schema), &rows)?);
                Ok(Box::pin(RecordBatchStreamAdapter::new(schema, futures::stream::iter([batch]))))
            }
        }
    }
}

impl PlannedQuery {
    async fn physical_plan(&self) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(on_large_stack(self.state.create_physical_plan(&self.plan)).await?)
    }
}

/// Stack for planning: it recurses over expressions as deep as the resolver lets them be, and clones them without growing the
/// stack itself.
const PLANNING_STACK: usize = 16 * 1024 * 1024;

/// Polls `future` on a stack of its own.
async fn on_large_stack<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    std::future::poll_fn(move |context| stacker::grow(PLANNING_STACK, || future.as_mut().poll(context))).await
}
