//! Rows kept in their order on the way to aggregate functions that take them as they come.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, Partitioning, replace_children_if_necessary};

use crate::aggregates::takes_order;
use crate::resolver::KEPT_ORDER_FETCH;

/// Below `collect_list`, `first` and the like, what one partition gives stays in one partition, as it does in Spark.
///
/// DataFusion deals the batches of a single partition out to all cores in turn, since its own functions of this kind name
/// their order in the call. Spark's take the order of the rows, which an ORDER BY of a subquery decides.
#[derive(Debug)]
pub(super) struct RowsInOrder;

impl PhysicalOptimizerRule for RowsInOrder {
    fn name(&self) -> &str {
        "rows_in_order"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let in_order = plan.transform_up(|plan| {
            let Some(aggregate) = plan.downcast_ref::<AggregateExec>() else { return Ok(Transformed::no(plan)) };
            if !aggregate.aggr_expr().iter().any(|function| takes_order(function.fun())) {
                return Ok(Transformed::no(plan));
            }
            let input = undealt(Arc::clone(aggregate.input()))?;
            Ok(Transformed::yes(replace_children_if_necessary(plan, vec![input])?))
        })?;
        Ok(in_order.data)
    }
}

/// The plan with batches of single partitions not dealt out, as far down as the order of its rows is that of its input's.
fn undealt(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    if let Some(repartition) = plan.downcast_ref::<RepartitionExec>()
        && matches!(repartition.partitioning(), Partitioning::RoundRobinBatch(_))
        && repartition.input().output_partitioning().partition_count() == 1
    {
        return undealt(Arc::clone(repartition.input()));
    }
    // The limit was there for DataFusion to keep the sort, and would make it a heap of all rows.
    let plan = match plan.fetch() {
        Some(KEPT_ORDER_FETCH) => plan.with_fetch(None).unwrap_or(plan),
        _ => plan,
    };
    let children = plan.maintains_input_order().into_iter().zip(plan.children());
    let children = children.map(|(in_order, child)| match in_order {
        true => undealt(Arc::clone(child)),
        false => Ok(Arc::clone(child)),
    });
    let children = children.collect::<Result<Vec<_>>>()?;
    replace_children_if_necessary(plan, children)
}
