//! Plan nodes, made directly: nothing here guesses at names, since every column of every input has a name of its own.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, JoinConstraint, JoinType, NullEquality};
use datafusion::logical_expr::logical_plan::{
    Aggregate, Distinct, EmptyRelation, Filter, Join, Limit, Projection, Sort, Union, Values, Window,
};
use datafusion::logical_expr::{Expr, LogicalPlan, SortExpr, lit};

use super::attribute::{Attribute, AttributeId};
use crate::error::Result;

/// One row without columns: what a SELECT without FROM reads.
pub(crate) fn one_row() -> LogicalPlan {
    LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: true, schema: Arc::new(DFSchema::empty()) })
}

/// The given expressions; each must be an attribute of the input or have an alias made by [`define`].
pub(crate) fn project(input: LogicalPlan, exprs: Vec<Expr>) -> Result<LogicalPlan> {
    Ok(LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(input))?))
}

/// `expr` as the definition of the attribute `id`.
pub(crate) fn define(expr: Expr, id: AttributeId) -> Expr {
    expr.alias(id.plan_name())
}

/// The rows for which `predicate` is true.
pub(crate) fn filter(input: LogicalPlan, predicate: Expr) -> Result<LogicalPlan> {
    Ok(LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(input))?))
}

/// One row for each group; without `groups`, one row.
pub(crate) fn aggregate(input: LogicalPlan, groups: Vec<Expr>, aggregates: Vec<Expr>) -> Result<LogicalPlan> {
    Ok(LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(input), groups, aggregates)?))
}

/// A join under a condition; DataFusion's optimizer finds the equalities in it.
pub(crate) fn join(
    left: LogicalPlan,
    right: LogicalPlan,
    join_type: JoinType,
    condition: Option<Expr>,
) -> Result<LogicalPlan> {
    let join = Join::try_new(
        Arc::new(left),
        Arc::new(right),
        vec![],
        condition,
        join_type,
        JoinConstraint::On,
        NullEquality::NullEqualsNothing,
        false,
    )?;
    Ok(LogicalPlan::Join(join))
}

/// A join on pairs of keys for which NULL equals NULL, as INTERSECT and EXCEPT compare rows.
pub(crate) fn null_safe_join(
    left: LogicalPlan,
    right: LogicalPlan,
    join_type: JoinType,
    keys: Vec<(Expr, Expr)>,
) -> Result<LogicalPlan> {
    let join = Join::try_new(
        Arc::new(left),
        Arc::new(right),
        keys,
        None,
        join_type,
        JoinConstraint::On,
        NullEquality::NullEqualsNull,
        false,
    )?;
    Ok(LogicalPlan::Join(join))
}

/// The input with window functions beside its columns; all must have the same partitions and order.
pub(crate) fn window(input: LogicalPlan, functions: Vec<Expr>) -> Result<LogicalPlan> {
    Ok(LogicalPlan::Window(Window::try_new(functions, Arc::new(input))?))
}

/// The rows in order.
pub(crate) fn sort(input: LogicalPlan, keys: Vec<SortExpr>) -> LogicalPlan {
    LogicalPlan::Sort(Sort { expr: keys, input: Arc::new(input), fetch: None })
}

/// The first `count` rows.
pub(crate) fn limit(input: LogicalPlan, count: i64) -> LogicalPlan {
    LogicalPlan::Limit(Limit { skip: None, fetch: Some(Box::new(lit(count))), input: Arc::new(input) })
}

/// The rows that a sort is limited to for DataFusion to keep it.
pub(crate) const KEPT_ORDER_FETCH: usize = i64::MAX as usize;

/// The input with an ORDER BY that it ends with made to stay, for aggregate functions that take the rows as they come: DataFusion
/// drops a sort that no operator asks for, unless it cuts rows off. The limit goes when the plan is a physical one
/// (`RowsInOrder`).
pub(crate) fn kept_order(input: LogicalPlan) -> Result<LogicalPlan> {
    let kept = input.transform_down(|plan| {
        Ok(match plan {
            LogicalPlan::Projection(_) | LogicalPlan::Filter(_) => Transformed::no(plan),
            LogicalPlan::Sort(_) => Transformed::new(limit(plan, i64::MAX), true, TreeNodeRecursion::Stop),
            other => Transformed::new(other, false, TreeNodeRecursion::Stop),
        })
    })?;
    Ok(kept.data)
}

/// The distinct rows.
pub(crate) fn distinct(input: LogicalPlan) -> LogicalPlan {
    LogicalPlan::Distinct(Distinct::All(Arc::new(input)))
}

/// All rows of both inputs, whose columns must have the same names and types. A union on the left takes the right in, so that
/// a long chain is not a deep plan.
pub(crate) fn union(left: LogicalPlan, right: LogicalPlan) -> Result<LogicalPlan> {
    let mut inputs = match left {
        LogicalPlan::Union(Union { inputs, schema: _ }) => inputs,
        other => vec![Arc::new(other)],
    };
    inputs.push(Arc::new(right));
    Ok(LogicalPlan::Union(Union::try_new(inputs)?))
}

/// A table of constant expressions; `attributes` are its columns.
pub(crate) fn values(rows: Vec<Vec<Expr>>, attributes: &[Attribute]) -> Result<LogicalPlan> {
    let fields: Vec<Field> = attributes
        .iter()
        .map(|attribute| Field::new(attribute.id.plan_name(), attribute.data_type.to_arrow(), true))
        .collect();
    let schema = DFSchema::try_from(Schema::new(fields))?;
    Ok(LogicalPlan::Values(Values { schema: Arc::new(schema), values: rows }))
}
