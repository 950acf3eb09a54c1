//! What a subquery may do with columns of the query around it: the part of Spark's `CheckAnalysis` that speaks of correlation, and
//! GROUP BY in a correlated scalar subquery.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::common::Column;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::functions_aggregate::min_max::max_udaf;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Aggregate, BinaryExpr, Expr, LogicalPlan, Operator};

use crate::error::{Result, SparkError};
use crate::resolver::{AttributeIds, plan};

/// Refuses what Spark refuses: columns of the outer query below LIMIT, in aggregate functions and beside them, and in comparisons
/// other than equality below an aggregation. (Set operations see to themselves.)
pub(in crate::resolver) fn check(plan: &LogicalPlan) -> Result<()> {
    if plan.all_out_ref_exprs().is_empty() {
        return Ok(());
    }
    match plan {
        LogicalPlan::Limit(_) => Err(SparkError::analysis("Accessing outer query column is not allowed in: a LIMIT")),
        LogicalPlan::Aggregate(aggregate) => check_aggregate(aggregate),
        LogicalPlan::Projection(list)
            if list.expr.iter().any(Expr::contains_outer) && is_list_over_groups(&list.input) =>
        {
            refused_in_list()
        }
        other => other.inputs().into_iter().try_for_each(check),
    }
}

fn refused_in_list() -> Result<()> {
    Err(SparkError::analysis(
        "Expressions referencing the outer query are not supported outside of WHERE/HAVING clauses: the SELECT list of a query \
         with aggregate functions uses a column of the query around its own",
    ))
}

/// Refuses columns of the outer query in the SELECT lists of a subquery of IN or EXISTS.
pub(super) fn check_lists(plan: &LogicalPlan) -> Result<()> {
    let outer_in_list = |plan: &LogicalPlan| match plan {
        LogicalPlan::Projection(list) => list.expr.iter().any(Expr::contains_outer),
        _ => false,
    };
    if plan.exists(|plan| Ok(outer_in_list(plan)))? {
        return Err(SparkError::analysis(
            "Expressions referencing the outer query are not supported outside of WHERE/HAVING clauses",
        ));
    }
    Ok(())
}

/// Whether a plan is what a SELECT list over groups is computed from: the aggregation with its columns named, and HAVING.
fn is_list_over_groups(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Filter(having) => is_list_over_groups(&having.input),
        LogicalPlan::Projection(named) => matches!(named.input.as_ref(), LogicalPlan::Aggregate(_)),
        _ => false,
    }
}

fn check_aggregate(aggregate: &Aggregate) -> Result<()> {
    if aggregate.aggr_expr.iter().any(Expr::contains_outer) {
        return refused_in_list();
    }
    let mut checked = check(&aggregate.input);
    aggregate.input.apply(|plan| {
        let LogicalPlan::Filter(filter) = plan else { return Ok(TreeNodeRecursion::Continue) };
        let unequal = split_conjunction(&filter.predicate).into_iter().find(|condition| is_unequal(condition));
        if let (Ok(()), Some(_)) = (&checked, unequal) {
            checked = Err(SparkError::analysis(
                "Correlated column is not allowed in predicate: below an aggregation, a column of the query around may only be \
                 compared by =",
            ));
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    checked
}

/// Whether a condition compares with the outer query otherwise than by equality, for certain.
fn is_unequal(condition: &Expr) -> bool {
    use Operator as O;
    let unequal = |op: Operator| matches!(op, O::Lt | O::LtEq | O::Gt | O::GtEq | O::NotEq | O::Or);
    let certain = match condition {
        Expr::BinaryExpr(BinaryExpr { op, .. }) => unequal(*op),
        Expr::Not(_) => true,
        _ => false,
    };
    certain && condition.contains_outer()
}

/// A correlated scalar subquery whose GROUP BY names the columns that it is correlated by, without that GROUP BY: there is one group
/// at most, and where it has no row Spark takes the aggregate functions over nothing, as without GROUP BY. A key becomes an
/// aggregate of its only value.
pub(super) fn ungrouped(plan: LogicalPlan, ids: &AttributeIds) -> Result<LogicalPlan> {
    Ok(ungrouped_level(plan, ids)?.0)
}

/// New names of columns.
type Renamed = Vec<(Column, Column)>;

/// The plan without the keys of its aggregation, and where the keys are now. They need new names: DataFusion groups by the
/// correlated columns themselves, beside them.
fn ungrouped_level(plan: LogicalPlan, ids: &AttributeIds) -> Result<(LogicalPlan, Renamed)> {
    match plan {
        LogicalPlan::Projection(projection) => {
            let (input, renamed) = ungrouped_level(Arc::unwrap_or_clone(projection.input), ids)?;
            let exprs = projection.expr.into_iter().map(|expr| with_new_names(expr, &renamed));
            Ok((plan::project(input, exprs.collect::<Result<_>>()?)?, renamed))
        }
        LogicalPlan::Filter(filter) => {
            let (input, renamed) = ungrouped_level(Arc::unwrap_or_clone(filter.input), ids)?;
            Ok((plan::filter(input, with_new_names(filter.predicate, &renamed)?)?, renamed))
        }
        LogicalPlan::Aggregate(aggregate) if !aggregate.input.all_out_ref_exprs().is_empty() => {
            if aggregate.aggr_expr.is_empty() {
                return Err(SparkError::analysis("The output of a correlated scalar subquery must be aggregated"));
            }
            check_keys(&aggregate)?;
            match is_of_one_group(&aggregate) {
                true => without_keys(aggregate, ids),
                false => Ok((LogicalPlan::Aggregate(aggregate), Vec::new())),
            }
        }
        other => Ok((other, Vec::new())),
    }
}

fn with_new_names(expr: Expr, renamed: &Renamed) -> Result<Expr> {
    let expr = expr.transform_up(|expr| match &expr {
        Expr::Column(column) => match renamed.iter().find(|(old, _)| old == column) {
            Some((_, new)) => Ok(Transformed::yes(Expr::Column(new.clone()))),
            None => Ok(Transformed::no(expr)),
        },
        _ => Ok(Transformed::no(expr)),
    })?;
    Ok(expr.data)
}

/// The keys of a correlated scalar subquery are among the columns that it is correlated by: there would be several groups.
fn check_keys(aggregate: &Aggregate) -> Result<()> {
    let mut correlated: HashSet<Column> = HashSet::new();
    aggregate.input.apply(|plan| {
        if let LogicalPlan::Filter(filter) = plan {
            let conditions = split_conjunction(&filter.predicate).into_iter().filter(|e| e.contains_outer());
            correlated.extend(conditions.flat_map(|condition| condition.column_refs().into_iter().cloned()));
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    let fits = |key: &Expr| key.column_refs().into_iter().all(|column| correlated.contains(column));
    if aggregate.group_expr.iter().all(fits) {
        return Ok(());
    }
    Err(SparkError::analysis("A GROUP BY clause in a scalar correlated subquery cannot contain non-correlated columns"))
}

fn is_of_one_group(aggregate: &Aggregate) -> bool {
    let fixed = fixed_columns(&aggregate.input);
    let is_fixed = |key: &Expr| matches!(key, Expr::Column(column) if fixed.contains(column));
    !aggregate.group_expr.is_empty() && aggregate.group_expr.iter().all(is_fixed)
}

/// The columns that are equal to something of the outer query in all rows.
fn fixed_columns(plan: &LogicalPlan) -> HashSet<Column> {
    let mut fixed = HashSet::new();
    let mut rest = plan;
    while let LogicalPlan::Filter(filter) = rest {
        for condition in split_conjunction(&filter.predicate) {
            let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = condition else { continue };
            match (left.as_ref(), right.as_ref()) {
                (Expr::Column(column), other) | (other, Expr::Column(column)) if other.contains_outer() => {
                    fixed.insert(column.clone());
                }
                _ => {}
            }
        }
        rest = &filter.input;
    }
    fixed
}

fn without_keys(aggregate: Aggregate, ids: &AttributeIds) -> Result<(LogicalPlan, Renamed)> {
    let Aggregate { input, group_expr, aggr_expr, schema, .. } = aggregate;
    let mut renamed = Vec::with_capacity(group_expr.len());
    let mut functions = aggr_expr;
    for (key, column) in group_expr.into_iter().zip(schema.columns()) {
        let id = ids.next();
        let only = AggregateFunction::new_udf(max_udaf(), vec![key], false, None, vec![], None);
        functions.push(plan::define(Expr::AggregateFunction(only), id));
        renamed.push((column, id.column()));
    }
    Ok((LogicalPlan::Aggregate(Aggregate::try_new(input, vec![], functions)?), renamed))
}
