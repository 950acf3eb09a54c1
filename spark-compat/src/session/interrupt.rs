//! Stopping a query in the middle of a long computation.
//!
//! Dropping a stream stops tasks where they wait, and a join of two large tables may compute for minutes between two such
//! places: DataFusion's operators give way only when they take a batch from below. So joins and generators give way after
//! each batch they produce, and the condition of a join, which is asked again and again while nothing is produced, fails once
//! the query is interrupted.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::joins::{
    CrossJoinExec, HashJoinExec, HashJoinExecBuilder, NestedLoopJoinExec, NestedLoopJoinExecBuilder,
    PiecewiseMergeJoinExec, SortMergeJoinExec,
};
use datafusion::physical_plan::unnest::UnnestExec;
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr};
use futures::Stream;

/// Tells a running query to stop. Clones tell the same query.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// One that has not been used.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops the query, from any thread: it ends with an error, or is silent if nobody polls it any more.
    pub fn interrupt(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the query was told to stop.
    pub fn is_interrupted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The plan with the places added where it can be stopped. Its result and its order stay the same.
pub(super) fn interruptible(plan: Arc<dyn ExecutionPlan>, interrupt: &Interrupt) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|node| {
        let node = match with_checked_condition(&node, interrupt)? {
            Some(checked) => checked,
            None => node,
        };
        match multiplies_rows(&node) {
            true => Ok(Transformed::yes(Arc::new(CooperativeExec::new(node)) as _)),
            false => Ok(Transformed::no(node)),
        }
    })
    .map(|transformed| transformed.data)
}

/// Whether an operator can give many batches for one that it takes.
fn multiplies_rows(node: &Arc<dyn ExecutionPlan>) -> bool {
    node.is::<HashJoinExec>()
        || node.is::<NestedLoopJoinExec>()
        || node.is::<CrossJoinExec>()
        || node.is::<SortMergeJoinExec>()
        || node.is::<PiecewiseMergeJoinExec>()
        || node.is::<UnnestExec>()
}

fn with_checked_condition(
    node: &Arc<dyn ExecutionPlan>,
    interrupt: &Interrupt,
) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let checked = |filter: &JoinFilter| {
        let condition = CheckedCondition { condition: Arc::clone(filter.expression()), interrupt: interrupt.clone() };
        JoinFilter::new(Arc::new(condition), filter.column_indices().to_vec(), Arc::clone(filter.schema()))
    };
    if let Some(join) = node.downcast_ref::<NestedLoopJoinExec>() {
        let Some(filter) = join.filter().map(checked) else { return Ok(None) };
        return Ok(Some(Arc::new(NestedLoopJoinExecBuilder::from(join).with_filter(Some(filter)).build()?)));
    }
    if let Some(join) = node.downcast_ref::<HashJoinExec>() {
        let Some(filter) = join.filter().map(checked) else { return Ok(None) };
        return Ok(Some(Arc::new(HashJoinExecBuilder::from(join).with_filter(Some(filter)).build()?)));
    }
    Ok(None)
}

/// A join's condition that fails once the query is interrupted.
#[derive(Debug)]
struct CheckedCondition {
    condition: Arc<dyn PhysicalExpr>,
    interrupt: Interrupt,
}

impl PartialEq for CheckedCondition {
    fn eq(&self, other: &Self) -> bool {
        self.condition.eq(&other.condition)
    }
}

impl Eq for CheckedCondition {}

impl Hash for CheckedCondition {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.condition.hash(state);
    }
}

impl fmt::Display for CheckedCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.condition.fmt(f)
    }
}

impl PhysicalExpr for CheckedCondition {
    fn data_type(&self, input_schema: &Schema) -> Result<DataType> {
        self.condition.data_type(input_schema)
    }

    fn nullable(&self, input_schema: &Schema) -> Result<bool> {
        self.condition.nullable(input_schema)
    }

    fn return_field(&self, input_schema: &Schema) -> Result<FieldRef> {
        self.condition.return_field(input_schema)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        if self.interrupt.is_interrupted() {
            return Err(DataFusionError::Execution("the query was interrupted".to_owned()));
        }
        self.condition.evaluate(batch)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.condition]
    }

    fn with_new_children(self: Arc<Self>, mut children: Vec<Arc<dyn PhysicalExpr>>) -> Result<Arc<dyn PhysicalExpr>> {
        let condition = children.pop().unwrap_or_else(|| Arc::clone(&self.condition));
        Ok(Arc::new(Self { condition, interrupt: self.interrupt.clone() }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.condition.fmt_sql(f)
    }
}

/// A result that interrupts its query when it is dropped.
pub(super) struct InterruptOnDrop {
    pub stream: SendableRecordBatchStream,
    pub interrupt: Interrupt,
}

impl Drop for InterruptOnDrop {
    fn drop(&mut self) {
        self.interrupt.interrupt();
    }
}

impl Stream for InterruptOnDrop {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.stream.as_mut().poll_next(context)
    }
}

impl RecordBatchStream for InterruptOnDrop {
    fn schema(&self) -> SchemaRef {
        self.stream.schema()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use arrow::array::Int64Array;
    use datafusion::datasource::MemTable;
    use datafusion::physical_plan::{displayable, execute_stream};
    use datafusion::prelude::{SessionConfig, SessionContext};
    use futures::StreamExt;

    use super::*;

    /// Two tables of these many rows, and `condition` between them in a query with one row as its result.
    async fn plan(rows: i64, condition: &str) -> (SessionContext, Arc<dyn ExecutionPlan>) {
        let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(1));
        for name in ["a", "b"] {
            let batches = (0..rows / 8192).map(|chunk| {
                let values = Int64Array::from_iter_values((chunk * 8192..(chunk + 1) * 8192).map(|n| n % 1000));
                RecordBatch::try_from_iter([("n", Arc::new(values) as _)]).unwrap()
            });
            let batches: Vec<_> = batches.collect();
            let table = MemTable::try_new(batches[0].schema(), vec![batches]).unwrap();
            context.register_table(name, Arc::new(table)).unwrap();
        }
        let sql = format!("SELECT sum(a.n + b.n) FROM a JOIN b ON {condition}");
        let plan = context.sql(&sql).await.unwrap().create_physical_plan().await.unwrap();
        (context, plan)
    }

    async fn sum(context: &SessionContext, plan: Arc<dyn ExecutionPlan>) -> String {
        let batch = execute_stream(plan, context.task_ctx()).unwrap().next().await.unwrap().unwrap();
        format!("{:?}", batch.column(0))
    }

    #[tokio::test]
    async fn the_result_of_a_plan_stays_the_same() {
        for condition in ["a.n + b.n = 7", "a.n = b.n AND a.n + b.n > 10", "true"] {
            let (context, plan) = plan(8192, condition).await;
            let changed = interruptible(Arc::clone(&plan), &Interrupt::new()).unwrap();
            assert!(displayable(changed.as_ref()).indent(false).to_string().contains("Cooperative"));
            assert_eq!(changed.schema(), plan.schema());
            assert_eq!(sum(&context, changed).await, sum(&context, plan).await);
        }
    }

    /// Without an end on any machine while a test waits: 4 million by 4 million rows.
    const ENDLESS: i64 = 4 << 20;

    #[tokio::test]
    async fn a_join_stops_soon_after_it_is_interrupted_even_if_it_gives_nothing() {
        for condition in ["a.n + b.n = -1", "a.n = b.n AND a.n + b.n = -1", "a.n = b.n"] {
            let (context, plan) = plan(ENDLESS, condition).await;
            let interrupt = Interrupt::new();
            let changed = interruptible(plan, &interrupt).unwrap();
            let stream = execute_stream(changed, context.task_ctx()).unwrap();
            let mut stream = InterruptOnDrop { stream, interrupt: interrupt.clone() };
            let (ended, wait_for_end) = std::sync::mpsc::channel();
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                // A join that gives rows gives way to the timer; one that gives none is ended by its condition.
                let first = async { tokio::time::timeout(Duration::from_secs(2), stream.next()).await };
                let _ = runtime.block_on(first);
                let _ = ended.send(());
            });
            std::thread::sleep(Duration::from_secs(1));
            interrupt.interrupt();
            let stopped = wait_for_end.recv_timeout(Duration::from_secs(30));
            stopped.unwrap_or_else(|_| panic!("still running: {condition}"));
        }
    }

    #[tokio::test]
    async fn dropping_a_result_interrupts_its_query() {
        let (context, plan) = plan(8192, "a.n = b.n").await;
        let interrupt = Interrupt::new();
        let stream = execute_stream(plan, context.task_ctx()).unwrap();
        drop(InterruptOnDrop { stream, interrupt: interrupt.clone() });
        assert!(interrupt.is_interrupted());
    }
}
