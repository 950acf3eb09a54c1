//! Correlated scalar subqueries in the keys and arguments of an aggregation: they become columns of a projection below it, as
//! DataFusion has joins for them there.

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan};

use super::attribute::{Attribute, AttributeIds};
use super::plan;
use crate::error::Result;
use crate::types::SparkType;

/// The input with a column for each correlated scalar subquery in `exprs`, which then have those columns in place of the
/// subqueries.
pub(super) fn below<'e>(
    ids: &AttributeIds,
    input: LogicalPlan,
    exprs: impl Iterator<Item = &'e mut Expr>,
) -> Result<LogicalPlan> {
    let mut found: Vec<(Expr, Attribute)> = Vec::new();
    for expr in exprs {
        let replaced = std::mem::take(expr).transform_down(|expr| match &expr {
            Expr::ScalarSubquery(subquery) if !subquery.outer_ref_columns.is_empty() => {
                let known = found.iter().find(|(known, _)| *known == expr).map(|(_, attribute)| attribute.expr());
                let column = known.unwrap_or_else(|| {
                    // Only the identity matters here; whoever uses the value knows its Spark type.
                    let attribute = ids.attribute(SparkType::Void, true);
                    let column = attribute.expr();
                    found.push((expr, attribute));
                    column
                });
                Ok(Transformed::new(column, true, TreeNodeRecursion::Jump))
            }
            _ => Ok(Transformed::no(expr)),
        })?;
        *expr = replaced.data;
    }
    if found.is_empty() {
        return Ok(input);
    }
    let mut columns: Vec<Expr> = input.schema().columns().into_iter().map(Expr::Column).collect();
    columns.extend(found.into_iter().map(|(expr, attribute)| plan::define(expr, attribute.id)));
    plan::project(input, columns)
}
