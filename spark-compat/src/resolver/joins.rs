//! JOIN of all kinds: ON, USING and NATURAL, outer, semi, anti and cross joins.

use datafusion::common::JoinType;
use datafusion::logical_expr::{Expr, lit};
use sqlparser::ast;

use super::expr::{Clause, Lowering, conjunction, has_predicate_subquery};
use super::from::{is_lateral, nullable};
use super::relation::Relation;
use super::scope::{Scope, ScopeColumn, same_name};
use super::typed::Typed;
use super::{Place, Resolver, name_parts, plan, refuse};
use crate::coercion;
use crate::comparison::{self, ComparisonOp};
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};

impl Resolver<'_> {
    /// `left` joined with the right side of `join`.
    pub(super) fn join(&self, left: Relation, join: &ast::Join, place: &Place<'_>) -> Result<Relation> {
        let ast::Join { relation, global, join_operator } = join;
        refuse(*global, "GLOBAL joins")?;
        let (join_type, constraint) = kind(join_operator)?;
        if is_lateral(relation) {
            return self.lateral_join(left, relation, join_type, constraint, place);
        }
        let right = self.table_factor(relation, place)?;
        match constraint {
            ast::JoinConstraint::None => self.join_on(left, right, join_type, None),
            ast::JoinConstraint::On(condition) => {
                let both = left.scope.clone().joined(right.scope.clone());
                let scopes = [&both];
                let condition = Lowering::new(self, place, &scopes, Clause::JoinCondition).filter(condition)?;
                self.join_on(left, right, join_type, Some(condition.expr))
            }
            ast::JoinConstraint::Using(names) => {
                let pairs = using_pairs(&left.scope, &right.scope, names)?;
                self.join_on_columns(left, right, join_type, &pairs)
            }
            ast::JoinConstraint::Natural => {
                if matches!(join_type, JoinType::LeftSemi | JoinType::LeftAnti) {
                    let unsupported = format!("requirement failed: Unsupported natural join type {join_type}");
                    return Err(SparkError::illegal_argument(unsupported));
                }
                let pairs = natural_pairs(&left.scope, &right.scope);
                self.join_on_columns(left, right, join_type, &pairs)
            }
        }
    }

    fn join_on(
        &self,
        left: Relation,
        right: Relation,
        join_type: JoinType,
        condition: Option<Expr>,
    ) -> Result<Relation> {
        if join_type == JoinType::Inner
            && let Some(condition) = &condition
            && has_predicate_subquery(condition)
        {
            // DataFusion makes joins of subqueries in filters.
            let pairs = plan::join(left.plan, right.plan, join_type, None)?;
            let scope = left.scope.joined(right.scope);
            return Ok(Relation { plan: plan::filter(pairs, condition.clone())?, scope });
        }
        // Without a condition every pair of rows matches; only the inner join has a plan of its own for that.
        let condition = if join_type == JoinType::Inner { condition } else { condition.or(Some(lit(true))) };
        let scope = joined_scope(left.scope, right.scope, join_type);
        Ok(Relation { plan: plan::join(left.plan, right.plan, join_type, condition)?, scope })
    }

    /// A join on equal columns, which appear once in the output (Spark's `commonNaturalJoinProcessing`).
    fn join_on_columns(
        &self,
        left: Relation,
        right: Relation,
        join_type: JoinType,
        pairs: &[(usize, usize)],
    ) -> Result<Relation> {
        let column = |scope: &Scope, at: usize| scope.columns.get(at).cloned();
        let mut keys = Vec::with_capacity(pairs.len());
        for (l, r) in pairs {
            let pair = column(&left.scope, *l).zip(column(&right.scope, *r));
            keys.push(pair.ok_or_else(|| SparkError::internal("a join column is out of range"))?);
        }
        let conditions = keys.iter().map(|(l, r)| equal(l, r, self.facts.zone)).collect::<Result<Vec<_>>>()?;
        let rest = |scope: &Scope, keys: Vec<usize>| -> Vec<ScopeColumn> {
            let others = scope.columns.iter().enumerate().filter(|(at, _)| !keys.contains(at));
            others.map(|(_, column)| column.clone()).collect()
        };
        let left_rest = rest(&left.scope, pairs.iter().map(|(l, _)| *l).collect());
        let right_rest = rest(&right.scope, pairs.iter().map(|(_, r)| *r).collect());
        let older_hidden: Vec<_> = left.scope.hidden.iter().chain(&right.scope.hidden).cloned().collect();

        let joined = self.join_on(left, right, join_type, conjunction(conditions))?;
        let (left_keys, right_keys): (Vec<_>, Vec<_>) = keys.into_iter().unzip();
        let as_nullable = |columns: Vec<ScopeColumn>| columns.into_iter().map(nullable).collect::<Vec<_>>();
        let (columns, hidden, plan) = match join_type {
            JoinType::LeftSemi | JoinType::LeftAnti => ([left_keys, left_rest].concat(), vec![], joined.plan),
            JoinType::Left => {
                ([left_keys, left_rest, as_nullable(right_rest)].concat(), as_nullable(right_keys), joined.plan)
            }
            JoinType::Right => {
                ([right_keys, as_nullable(left_rest), right_rest].concat(), as_nullable(left_keys), joined.plan)
            }
            JoinType::Full => {
                let hidden = as_nullable([left_keys.clone(), right_keys.clone()].concat());
                let (merged, plan) = self.merged_keys(joined, &left_keys, &right_keys)?;
                ([merged, as_nullable(left_rest), as_nullable(right_rest)].concat(), hidden, plan)
            }
            _ => ([left_keys, left_rest, right_rest].concat(), right_keys, joined.plan),
        };
        let hidden = [hidden, older_hidden].concat();
        Ok(Relation { plan, scope: Scope { columns, hidden } })
    }

    /// For a full join: the keys of whichever side is there, as new attributes beside all the others.
    fn merged_keys(
        &self,
        joined: Relation,
        left_keys: &[ScopeColumn],
        right_keys: &[ScopeColumn],
    ) -> Result<(Vec<ScopeColumn>, datafusion::logical_expr::LogicalPlan)> {
        let mut exprs: Vec<Expr> = joined.plan.schema().columns().into_iter().map(Expr::Column).collect();
        let mut merged = Vec::with_capacity(left_keys.len());
        for (left, right) in left_keys.iter().zip(right_keys) {
            let (l, r) = (&left.attribute, &right.attribute);
            let wider = coercion::wider_type(&l.data_type, &r.data_type).ok_or_else(|| types_differ(left, right))?;
            let l = Typed::attribute(l, "").coerced(&wider, self.facts.zone)?;
            let r = Typed::attribute(r, "").coerced(&wider, self.facts.zone)?;
            // A row without a partner may have a NULL key, whatever the other side promises.
            let attribute = self.ids.attribute(wider, true);
            let either = datafusion::functions::expr_fn::coalesce(vec![l.expr, r.expr]);
            exprs.push(plan::define(either, attribute.id));
            merged.push(ScopeColumn { name: left.name.clone(), qualifier: None, attribute });
        }
        Ok((merged, plan::project(joined.plan, exprs)?))
    }
}

/// The kind of a join and its constraint.
fn kind(operator: &ast::JoinOperator) -> Result<(JoinType, &ast::JoinConstraint)> {
    use ast::JoinOperator as J;
    let unsupported = |what: &str| Err(SparkError::unsupported(what));
    match operator {
        J::Join(c) | J::Inner(c) | J::CrossJoin(c) => Ok((JoinType::Inner, c)),
        J::Left(c) | J::LeftOuter(c) => Ok((JoinType::Left, c)),
        J::Right(c) | J::RightOuter(c) => Ok((JoinType::Right, c)),
        J::FullOuter(c) => Ok((JoinType::Full, c)),
        J::Semi(c) | J::LeftSemi(c) => Ok((JoinType::LeftSemi, c)),
        J::Anti(c) | J::LeftAnti(c) => Ok((JoinType::LeftAnti, c)),
        J::RightSemi(_) => unsupported("RIGHT SEMI JOIN"),
        J::RightAnti(_) => unsupported("RIGHT ANTI JOIN"),
        J::CrossApply | J::OuterApply => unsupported("APPLY"),
        J::AsOf { .. } => unsupported("ASOF JOIN"),
        J::StraightJoin(_) => unsupported("STRAIGHT_JOIN"),
        J::ArrayJoin | J::LeftArrayJoin | J::InnerArrayJoin => unsupported("ARRAY JOIN"),
    }
}

fn joined_scope(left: Scope, right: Scope, join_type: JoinType) -> Scope {
    let optional = |scope: Scope| Scope {
        columns: scope.columns.into_iter().map(nullable).collect(),
        hidden: scope.hidden.into_iter().map(nullable).collect(),
    };
    match join_type {
        JoinType::LeftSemi | JoinType::LeftAnti => left,
        JoinType::Left => left.joined(optional(right)),
        JoinType::Right => optional(left).joined(right),
        JoinType::Full => optional(left).joined(optional(right)),
        _ => left.joined(right),
    }
}

/// The positions of the USING columns on both sides.
fn using_pairs(left: &Scope, right: &Scope, names: &[ast::ObjectName]) -> Result<Vec<(usize, usize)>> {
    names
        .iter()
        .map(|name| {
            let parts = name_parts(name)?;
            let [name] = &parts[..] else {
                return Err(SparkError::analysis(format!("a column of USING can't be qualified: {name}")));
            };
            Ok((using_column(left, name, "left")?, using_column(right, name, "right")?))
        })
        .collect()
}

fn using_column(scope: &Scope, name: &str, side: &str) -> Result<usize> {
    scope.columns.iter().position(|column| same_name(&column.name, name)).ok_or_else(|| {
        let names: Vec<_> = scope.columns.iter().map(|column| column.name.as_str()).collect();
        SparkError::analysis(format!(
            "USING column `{name}` cannot be resolved on the {side} side of the join. The {side}-side columns: [{}]",
            names.join(", ")
        ))
    })
}

/// The positions of the columns that both sides have. Spark compares the names exactly here, case included.
fn natural_pairs(left: &Scope, right: &Scope) -> Vec<(usize, usize)> {
    let find = |scope: &Scope, name: &str| scope.columns.iter().position(|column| column.name == name);
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for column in &left.columns {
        if let (Some(l), Some(r)) = (find(left, &column.name), find(right, &column.name))
            && !pairs.contains(&(l, r))
        {
            pairs.push((l, r));
        }
    }
    pairs
}

/// `left = right` with Spark's coercion.
fn equal(left: &ScopeColumn, right: &ScopeColumn, zone: Zone) -> Result<Expr> {
    let side = |column: &ScopeColumn| (column.attribute.expr(), column.attribute.data_type.clone());
    comparison::lower_comparison(ComparisonOp::Eq, side(left), side(right), zone).map_err(|_| types_differ(left, right))
}

fn types_differ(left: &ScopeColumn, right: &ScopeColumn) -> SparkError {
    SparkError::analysis(format!(
        "cannot join on column {}: differing types {} and {}",
        left.name, left.attribute.data_type, right.attribute.data_type
    ))
}
