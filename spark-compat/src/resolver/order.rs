//! ORDER BY and SORT BY: positions, output names, and expressions over columns that the query does not output.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::SortExpr;
use sqlparser::ast;

use super::expr::{Clause, Lowering, evaluate_integer_literal};
use super::relation::Relation;
use super::scope::Scope;
use super::typed::Typed;
use super::{Place, Resolver, plan, refuse};
use crate::error::{Result, SparkError};
use crate::functions::nested::kind::is_orderable;

/// The sort keys of a SELECT: those of the query's ORDER BY, or its own SORT BY or CLUSTER BY.
///
/// SORT BY asks for sorted partitions and DISTRIBUTE BY for a partitioning. How many partitions there are is up to us: a
/// total order is one of the answers that Spark may give.
pub(super) fn keys_of_select(select: &ast::Select, order_by: &[ast::OrderByExpr]) -> Result<Vec<ast::OrderByExpr>> {
    let ast::Select { sort_by, cluster_by, distribute_by, .. } = select;
    let clauses = [!order_by.is_empty(), !sort_by.is_empty(), !cluster_by.is_empty()];
    if clauses.iter().filter(|present| **present).count() > 1
        || (!distribute_by.is_empty() && (clauses[0] || clauses[2]))
    {
        return Err(SparkError::new(
            crate::error::ErrorKind::Parse,
            "Combination of ORDER BY/SORT BY/DISTRIBUTE BY/CLUSTER BY is not supported",
        ));
    }
    let ascending = |expr: &ast::Expr| ast::OrderByExpr {
        expr: expr.clone(),
        options: ast::OrderByOptions::default(),
        with_fill: None,
    };
    let clustered = cluster_by.iter().map(ascending);
    Ok(order_by.iter().chain(sort_by).cloned().chain(clustered).collect())
}

impl Resolver<'_> {
    /// A relation sorted by keys over its own columns, as after DISTINCT and set operations.
    pub(super) fn sorted(&self, relation: Relation, keys: &[ast::OrderByExpr], place: &Place<'_>) -> Result<Relation> {
        if keys.is_empty() {
            return Ok(relation);
        }
        let scopes = [&relation.scope];
        let lowering = Lowering::new(self, place, &scopes, Clause::OrderBy);
        let keys = lower_keys(&lowering, keys, &relation.scope)?;
        Ok(Relation { plan: plan::sort(relation.plan, keys), scope: relation.scope })
    }
}

/// Lowers sort keys; a position means a column of `output`.
pub(super) fn lower_keys(
    lowering: &Lowering<'_, '_>,
    keys: &[ast::OrderByExpr],
    output: &Scope,
) -> Result<Vec<SortExpr>> {
    keys.iter()
        .map(|key| {
            let ast::OrderByExpr { expr, options, with_fill } = key;
            let ast::OrderByOptions { asc, nulls_first } = options;
            refuse(with_fill.is_some(), "WITH FILL")?;
            let position = evaluate_integer_literal(expr).filter(|_| lowering.rules().order_by_ordinal);
            let typed = match position {
                Some(position) => by_position(position, output)?,
                None => lowering.lower(expr)?,
            };
            refuse_unorderable(&typed)?;
            let ascending = asc.unwrap_or(true);
            Ok(SortExpr::new(lowering.sort_key(typed)?, ascending, nulls_first.unwrap_or(ascending)))
        })
        .collect()
}

fn by_position(position: i64, output: &Scope) -> Result<Typed> {
    let column = usize::try_from(position).ok().and_then(|p| p.checked_sub(1)).and_then(|p| output.columns.get(p));
    let column = column.ok_or_else(|| {
        SparkError::analysis(format!(
            "ORDER BY position {position} is not in select list (valid range is [1, {}])",
            output.columns.len()
        ))
    })?;
    Ok(Typed::attribute(&column.attribute, &column.name))
}

pub(super) fn refuse_unorderable(typed: &Typed) -> Result<()> {
    match &typed.data_type {
        nested if !is_orderable(nested) => Err(SparkError::analysis(format!(
            "cannot resolve '{}' due to data type mismatch: cannot sort data type {nested}",
            typed.name
        ))),
        _ => Ok(()),
    }
}

/// Whether a value is a literal int, as positions are.
pub(super) fn as_position(value: &ScalarValue) -> Option<i64> {
    match value {
        ScalarValue::Int32(Some(value)) => Some(i64::from(*value)),
        _ => None,
    }
}
