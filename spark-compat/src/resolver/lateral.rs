//! LATERAL subqueries: relations that see the columns of what stands before them in FROM.
//!
//! Projections and filters of such a subquery move above the join with what lies below them, where the columns of both sides
//! are at hand. What is correlated deeper down, below an aggregation for example, becomes DataFusion's lateral join, which its
//! optimizer turns into a join on the correlated columns or refuses.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, JoinType};
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::{EmptyRelation, Expr, LogicalPlan, lit};
use sqlparser::ast;

use super::expr::{Clause, Lowering, check_correlation, subquery};
use super::relation::Relation;
use super::scope::Scope;
use super::{Place, Resolver, from, plan};
use crate::error::{ErrorKind, Result, SparkError};

/// A node of a lateral subquery above all correlation.
pub(super) enum Layer {
    /// The expressions of a projection.
    Projection(Vec<Expr>),
    /// The condition of a filter.
    Filter(Expr),
}

impl Resolver<'_> {
    /// `left` joined with a LATERAL subquery.
    pub(super) fn lateral_join(
        &self,
        left: Relation,
        lateral: &ast::TableFactor,
        join_type: JoinType,
        constraint: &ast::JoinConstraint,
        place: &Place<'_>,
    ) -> Result<Relation> {
        let condition = match constraint {
            ast::JoinConstraint::None => None,
            ast::JoinConstraint::On(condition) => Some(condition),
            ast::JoinConstraint::Using(_) => return Err(parse_error("LATERAL join with USING join is not supported")),
            ast::JoinConstraint::Natural => return Err(parse_error("LATERAL join with NATURAL join is not supported")),
        };
        if !matches!(join_type, JoinType::Inner | JoinType::Left) {
            return Err(parse_error(&format!("Unsupported LATERAL join type {join_type}")));
        }
        let right = {
            let outer: Vec<&Scope> = std::iter::once(&left.scope).chain(place.outer.iter().copied()).collect();
            // LATERAL is an expression to Spark.
            let inside =
                Place { ctes_outside: place.ctes.clone(), outer: &outer, windows: &[], whole: false, ..place.clone() };
            self.table_factor(lateral, &inside)?
        };
        let both = left.scope.clone().joined(right.scope.clone());
        let scopes = [&both];
        let lowering = Lowering::new(self, place, &scopes, Clause::JoinCondition);
        let condition = condition.map(|condition| lowering.filter(condition)).transpose()?.map(|typed| typed.expr);
        let scope = match join_type {
            JoinType::Left => {
                let columns = right.scope.columns.into_iter().map(from::nullable).collect();
                left.scope.joined(Scope::new(columns))
            }
            _ => both,
        };
        Ok(Relation { plan: lateral_plan(left.plan, right.plan, join_type, condition)?, scope })
    }
}

fn lateral_plan(
    left: LogicalPlan,
    right: LogicalPlan,
    join_type: JoinType,
    condition: Option<Expr>,
) -> Result<LogicalPlan> {
    if right.all_out_ref_exprs().is_empty() {
        let condition = if join_type == JoinType::Inner { condition } else { condition.or(Some(lit(true))) };
        return plan::join(left, right, join_type, condition);
    }
    check_correlation(&right)?;
    let columns = right.schema().columns();
    let (core, layers) = layers(&right);
    let is_one_row = is_one_row(core);
    let only_projections = layers.iter().all(|layer| matches!(layer, Layer::Projection(_)));
    if !core.all_out_ref_exprs().is_empty() || (join_type == JoinType::Left && !(is_one_row && only_projections)) {
        let condition = if join_type == JoinType::Inner { condition } else { condition.or(Some(lit(true))) };
        return plan::join(left, LogicalPlan::Subquery(subquery(right)), join_type, condition);
    }

    let passed: Vec<Expr> = left.schema().columns().into_iter().map(Expr::Column).collect();
    let outside = Arc::clone(left.schema());
    let mut joined = if is_one_row { left } else { plan::join(left, core.clone(), JoinType::Inner, None)? };
    for layer in layers.into_iter().rev() {
        joined = match layer {
            Layer::Filter(predicate) => plan::filter(joined, inside_out(predicate, &outside)?)?,
            Layer::Projection(exprs) => {
                let exprs = exprs.into_iter().map(|expr| inside_out(expr, &outside)).collect::<Result<Vec<_>>>()?;
                plan::project(joined, [passed.clone(), exprs].concat())?
            }
        };
    }
    match (condition, join_type) {
        (None, _) => Ok(joined),
        (Some(condition), JoinType::Inner) => plan::filter(joined, condition),
        (Some(condition), _) => {
            // One row for each on the left, whose values are there where the condition holds.
            let only_if =
                |column: Expr| Expr::Case(Case::new(None, vec![(Box::new(condition.clone()), Box::new(column))], None));
            let optional = columns.into_iter().map(|column| {
                let name = column.name.clone();
                only_if(Expr::Column(column)).alias(name)
            });
            plan::project(joined, passed.into_iter().chain(optional).collect())
        }
    }
}

/// The projections and filters at the top of a plan, and what lies below them.
pub(super) fn layers(plan: &LogicalPlan) -> (&LogicalPlan, Vec<Layer>) {
    let mut layers = Vec::new();
    let mut rest = plan;
    loop {
        rest = match rest {
            LogicalPlan::Projection(projection) => {
                layers.push(Layer::Projection(projection.expr.clone()));
                projection.input.as_ref()
            }
            LogicalPlan::Filter(filter) => {
                layers.push(Layer::Filter(filter.predicate.clone()));
                filter.input.as_ref()
            }
            core => return (core, layers),
        };
    }
}

/// Whether a plan is the row without columns that a SELECT without FROM reads.
pub(super) fn is_one_row(plan: &LogicalPlan) -> bool {
    matches!(plan, LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: true, schema }) if schema.fields().is_empty())
}

/// The expression where the columns from outside the subquery are columns of the input.
fn inside_out(expr: Expr, outside: &DFSchema) -> Result<Expr> {
    let rewritten = expr.transform_up(|expr| match expr {
        Expr::OuterReferenceColumn(_, column) if outside.has_column(&column) => {
            Ok(Transformed::yes(Expr::Column(column)))
        }
        other => Ok(Transformed::no(other)),
    })?;
    Ok(rewritten.data)
}

fn parse_error(message: &str) -> SparkError {
    SparkError::new(ErrorKind::Parse, message)
}
