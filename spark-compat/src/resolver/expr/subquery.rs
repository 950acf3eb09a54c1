//! Subqueries in expressions: scalar, EXISTS and IN, correlated or not.
//!
//! They become DataFusion's subquery expressions, which its optimizer turns into joins. Where those joins would not know
//! NULL as Spark's do, the subquery is rewritten here first:
//!
//! - `a NOT IN (..)` as a conjunct of WHERE or HAVING, without correlation, is DataFusion's null-aware anti join.
//! - Any other NOT IN is NOT EXISTS over the rows for which `a = b` is not false (as Spark's `RewritePredicateSubquery` does it).
//! - IN below OR and other operators is a mark join, two-valued like Spark's `ExistenceJoin`.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{ScalarValue, Spans};
use datafusion::logical_expr::expr::{Case, Exists, InSubquery};
use datafusion::logical_expr::logical_plan::Subquery;
use datafusion::logical_expr::{Expr, LogicalPlan, lit, not};
use sqlparser::ast;

use super::columns::outer_reference;
use super::constants::folded;
use super::logic::conjunction;
use super::operators::compare;
use super::{Lowering, correlation};
use crate::coercion;
use crate::comparison::ComparisonOp;
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::functions::nested::kind::is_orderable;
use crate::functions::{float_keys, nullable};
use crate::resolver::lateral::{Layer, is_one_row, layers};
use crate::resolver::relation::Relation;
use crate::resolver::scope::ScopeColumn;
use crate::resolver::typed::Typed;
use crate::resolver::{Place, names, plan, refuse};
use crate::types::SparkType;

impl Lowering<'_, '_> {
    /// `(SELECT ..)` as a value.
    pub(super) fn scalar_subquery(&self, query: &ast::Query) -> Result<Typed> {
        let relation = self.subquery_relation(query)?.into_exact(self.resolver.ids)?;
        let relation =
            Relation { plan: correlation::ungrouped(relation.plan, self.resolver.ids)?, scope: relation.scope };
        let [column] = &relation.scope.columns[..] else {
            return Err(SparkError::analysis(format!(
                "Scalar subquery must return only one column, but got {}",
                relation.scope.columns.len()
            )));
        };
        refuse(
            is_grouped_and_computed(&relation.plan),
            "GROUP BY other columns than those compared by = with the query around, in a correlated scalar subquery whose value is \
             a count or computed from its aggregate functions",
        )?;
        let data_type = column.attribute.data_type.clone();
        let never_null = relation.plan.schema().fields().iter().any(|field| !field.is_nullable());
        let plan = if never_null {
            let nullable = nullable::nullable(column.attribute.expr());
            plan::project(relation.plan, vec![plan::define(nullable, self.resolver.ids.next())])?
        } else {
            relation.plan
        };
        let value = self.value_without_from(&plan)?;
        let subquery = subquery(plan);
        let name = format!("scalarsubquery({})", self.outer_names(&subquery).join(", "));
        Ok(Typed::new(value.unwrap_or(Expr::ScalarSubquery(subquery)), data_type, true, name))
    }

    /// The value of a correlated subquery that reads no table, `(SELECT a + 1 WHERE b > 0)`: an expression over the columns around
    /// it. DataFusion has no join for it.
    fn value_without_from(&self, plan: &LogicalPlan) -> Result<Option<Expr>> {
        let (core, layers) = layers(plan);
        if !is_one_row(core) || plan.all_out_ref_exprs().is_empty() {
            return Ok(None);
        }
        let mut columns: Vec<(String, Expr)> = Vec::new();
        let mut conditions = Vec::new();
        for layer in layers.into_iter().rev() {
            match layer {
                Layer::Filter(condition) => conditions.push(self.without_subquery(condition, &columns)?),
                Layer::Projection(exprs) => {
                    let defined = exprs.into_iter().map(|expr| {
                        let name = expr.qualified_name().1;
                        Ok((name, self.without_subquery(expr.unalias(), &columns)?))
                    });
                    columns = defined.collect::<Result<_>>()?;
                }
            }
        }
        let Some((_, value)) = columns.pop() else { return Ok(None) };
        Ok(Some(match conjunction(conditions) {
            None => value,
            Some(condition) => Expr::Case(Case::new(None, vec![(Box::new(condition), Box::new(value))], None)),
        }))
    }

    /// An expression of a subquery where the subquery's `columns` and those of this query stand for themselves.
    fn without_subquery(&self, expr: Expr, columns: &[(String, Expr)]) -> Result<Expr> {
        let scopes = self.scopes.iter().flat_map(|scope| scope.columns.iter().chain(&scope.hidden));
        let here: Vec<_> = scopes.map(|column| column.attribute.id.column()).collect();
        let rewritten = expr.transform_down(|expr| match &expr {
            Expr::Column(column) => match columns.iter().find(|(name, _)| *name == column.name) {
                Some((_, definition)) => Ok(Transformed::new(definition.clone(), true, TreeNodeRecursion::Jump)),
                None => Ok(Transformed::no(expr)),
            },
            Expr::OuterReferenceColumn(_, column) if here.contains(column) => {
                Ok(Transformed::new(Expr::Column(column.clone()), true, TreeNodeRecursion::Jump))
            }
            _ => Ok(Transformed::no(expr)),
        })?;
        Ok(rewritten.data)
    }

    /// `[NOT] EXISTS (SELECT ..)`.
    pub(super) fn exists(&self, query: &ast::Query, negated: bool) -> Result<Typed> {
        self.check_predicate_subquery()?;
        let subquery = subquery(self.subquery_relation(query)?.plan);
        correlation::check_lists(&subquery.subquery)?;
        let name = format!("exists({})", self.outer_names(&subquery).join(", "));
        let exists = Expr::Exists(Exists { subquery, negated: false });
        let exists = Typed::new(exists, SparkType::Boolean, false, name);
        if negated { self.negation_of(exists) } else { Ok(exists) }
    }

    /// `values [NOT] IN (SELECT ..)` anywhere in a condition.
    pub(super) fn in_subquery(&self, values: &ast::Expr, query: &ast::Query, negated: bool) -> Result<Typed> {
        let membership = self.membership(values, query)?;
        if negated { membership.negated() } else { membership.positive() }
    }

    /// `values NOT IN (SELECT ..)` (or `NOT values IN ..`) as a conjunct of a filter, if `condition` is one.
    pub(super) fn null_aware_not_in(&self, condition: &ast::Expr) -> Option<Result<Typed>> {
        let (values, query) = match condition {
            ast::Expr::InSubquery { expr, subquery, negated: true } => (expr, subquery),
            ast::Expr::UnaryOp { op: ast::UnaryOperator::Not, expr } => match expr.as_ref() {
                ast::Expr::InSubquery { expr, subquery, negated: false } => (expr, subquery),
                _ => return None,
            },
            _ => return None,
        };
        Some(self.membership(values, query).and_then(Membership::negated_conjunct))
    }

    fn membership(&self, values: &ast::Expr, query: &ast::Query) -> Result<Membership> {
        self.check_predicate_subquery()?;
        let values = match parts(values) {
            Some(values) => values.into_iter().map(|value| self.lower(value)).collect::<Result<Vec<_>>>()?,
            None => vec![self.lower(values)?],
        };
        let relation = self.subquery_relation(query)?.into_exact(self.resolver.ids)?;
        correlation::check_lists(&relation.plan)?;
        let count = relation.scope.columns.len();
        if values.len() != count {
            return Err(SparkError::analysis(format!(
                "The number of columns in the left hand side of an IN subquery does not match the number of columns in the \
                 output of subquery. #columns in left hand side: {}. #columns in right hand side: {count}.",
                values.len()
            )));
        }
        let names: Vec<_> = values.iter().map(|value| value.name.as_str()).collect();
        let name = match &names[..] {
            [name] => format!("({name} IN (listquery()))"),
            names => format!("(named_struct({}) IN (listquery()))", names.join(", ")),
        };
        let mut pairs: Vec<Pair> = Vec::with_capacity(count);
        for (value, column) in values.into_iter().zip(&relation.scope.columns) {
            pairs.push(self.comparable(value, column)?);
        }
        Ok(Membership { pairs, subquery: relation.plan, name })
    }

    /// A value and a column of the subquery, both of the type in which Spark compares them.
    fn comparable(&self, value: Typed, column: &ScopeColumn) -> Result<Pair> {
        let (l, r) = (&value.data_type, &column.attribute.data_type);
        let common = if l == r { Some(l.clone()) } else { coercion::comparison_type(l, r, false, (None, None)) };
        let common = common.ok_or_else(|| {
            SparkError::analysis(format!(
                "cannot resolve '({} IN (listquery()))' due to data type mismatch: The data type of one or more elements in the \
                 left hand side of an IN subquery is not compatible with the data type of the output of the subquery: {l} and {r}",
                value.name
            ))
        })?;
        if !is_orderable(&common) {
            return Err(SparkError::analysis(format!(
                "cannot resolve '({} IN (listquery()))' due to data type mismatch: function in does not support ordering on type \
                 {common}",
                value.name
            )));
        }
        let column = Typed::attribute(&column.attribute, &column.name);
        let value = value.coerced(&common, self.zone())?;
        let outer = self.seen_from_inside(&value)?;
        let columns = self.scopes.iter().flat_map(|scope| scope.columns.iter().chain(&scope.hidden));
        let constant = folded(&value.expr, columns.map(|column| &column.attribute));
        Ok(Pair { value, constant, outer, column: column.coerced(&common, self.zone())? })
    }

    /// The value as a subquery sees it: its columns are those of the query around it. `None` where that can't be: aggregate
    /// functions, and columns from further outside.
    fn seen_from_inside(&self, value: &Typed) -> Result<Option<Typed>> {
        let is_fixed = |expr: &Expr| {
            matches!(expr, Expr::AggregateFunction(_) | Expr::OuterReferenceColumn(..) | Expr::ScalarSubquery(_))
        };
        if value.expr.exists(|expr| Ok(is_fixed(expr)))? {
            return Ok(None);
        }
        let scopes = self.scopes.iter().flat_map(|scope| scope.columns.iter().chain(&scope.hidden));
        let columns: Vec<&ScopeColumn> = scopes.collect();
        let rewritten = value.expr.clone().transform_down(|expr| {
            match columns.iter().find(|column| column.attribute.expr() == expr) {
                Some(column) => Ok(Transformed::new(outer_reference(&column.attribute), true, TreeNodeRecursion::Jump)),
                None => Ok(Transformed::no(expr)),
            }
        })?;
        Ok(Some(Typed { expr: rewritten.data, ..value.clone() }))
    }

    fn subquery_relation(&self, query: &ast::Query) -> Result<Relation> {
        // A WITH query in here must not be called as one outside.
        let here = self.place.clone();
        let place = Place { ctes_outside: here.ctes.clone(), outer: self.scopes, windows: &[], whole: true, ..here };
        let relation = self.resolver.query(query, &place)?;
        if query.with.is_some() && !relation.plan.all_out_ref_exprs().is_empty() {
            return Err(SparkError::analysis("Accessing outer query column is not allowed in: a query with WITH"));
        }
        correlation::check(&relation.plan)?;
        Ok(relation)
    }

    fn check_predicate_subquery(&self) -> Result<()> {
        if self.clause.allows_predicate_subqueries() {
            return Ok(());
        }
        Err(SparkError::analysis("IN/EXISTS predicate sub-queries can only be used in Filter/Join and a few commands"))
    }

    /// The names of the columns that a subquery uses of the query around it.
    fn outer_names(&self, subquery: &Subquery) -> Vec<String> {
        let columns = self.scopes.iter().flat_map(|scope| scope.columns.iter().chain(&scope.hidden));
        let columns: Vec<&ScopeColumn> = columns.collect();
        let name = |reference: &Expr| match reference {
            Expr::OuterReferenceColumn(_, outer) => {
                columns.iter().find(|c| c.attribute.id.column() == *outer).map(|c| c.name.clone())
            }
            _ => None,
        };
        subquery.outer_ref_columns.iter().filter_map(name).collect()
    }
}

/// The values that stand before IN one by one: those of `(a, b)` and `struct(a, b)`. Spark's parser tells the two from a value that
/// is a struct, like that of `named_struct`.
fn parts(values: &ast::Expr) -> Option<Vec<&ast::Expr>> {
    match values {
        ast::Expr::Nested(inner) => parts(inner),
        ast::Expr::Tuple(parts) => Some(parts.iter().collect()),
        ast::Expr::Function(call) if call.name.to_string().eq_ignore_ascii_case("struct") => {
            let ast::FunctionArguments::List(list) = &call.args else { return None };
            let plain = list.args.iter().map(|arg| match arg {
                ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(ast::Expr::Named { .. })) => None,
                ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr)) => Some(expr),
                _ => None,
            });
            plain.collect()
        }
        _ => None,
    }
}

/// One of the values of IN with the column that it is compared to; both have one type.
struct Pair {
    value: Typed,
    /// What the optimizer will put in the value's place, if it is a constant.
    constant: Option<ScalarValue>,
    /// The value as seen from inside the subquery, if it can be.
    outer: Option<Typed>,
    column: Typed,
}

/// `values IN (subquery)`, not yet decided how.
struct Membership {
    pairs: Vec<Pair>,
    subquery: LogicalPlan,
    name: String,
}

impl Membership {
    /// IN, as a semi join or a mark join.
    fn positive(self) -> Result<Typed> {
        let name = self.name.clone();
        let expr = if self.pairs.len() == 1 { self.single(false)? } else { self.exists_where(false)? };
        Ok(Typed::new(expr, SparkType::Boolean, true, name))
    }

    /// NOT IN where the join must not depend on standing at the top of a filter.
    fn negated(self) -> Result<Typed> {
        let name = names::prefix("NOT", &self.name);
        let exists = self.exists_where(true)?;
        Ok(Typed::new(not(exists), SparkType::Boolean, true, name))
    }

    /// NOT IN as a conjunct of a filter: the null-aware anti join where that is right.
    fn negated_conjunct(self) -> Result<Typed> {
        // What has no column, or loses it as `a | NULL` does, is no key of a join; and to Spark a NULL literal is in no list and
        // out of none, even an empty one.
        if let [pair] = &self.pairs[..] {
            if pair.constant.as_ref().is_some_and(ScalarValue::is_null) {
                let name = names::prefix("NOT", &self.name);
                return Ok(Typed::new(lit(ScalarValue::Boolean(None)), SparkType::Boolean, true, name));
            }
            if pair.constant.is_some() || pair.value.expr.column_refs().is_empty() {
                return self.negated();
            }
        }
        let correlated = !self.subquery.all_out_ref_exprs().is_empty();
        if correlated || self.pairs.len() != 1 {
            return self.negated();
        }
        let name = names::prefix("NOT", &self.name);
        Ok(Typed::new(self.single(true)?, SparkType::Boolean, true, name))
    }

    /// DataFusion's IN for the only pair.
    fn single(mut self, negated: bool) -> Result<Expr> {
        let Pair { value, column, .. } = self.pairs.pop().ok_or_else(|| SparkError::internal("IN without values"))?;
        let data_type = &value.data_type;
        // Under a name of its own: DataFusion's mark join takes a column that is passed through for two.
        let computed = float_keys::normalized(column.expr, data_type);
        let plan = plan::project(self.subquery, vec![computed.alias("#in")])?;
        let value = float_keys::normalized(value.expr, data_type);
        Ok(Expr::InSubquery(InSubquery::new(Box::new(value), subquery(plan), negated)))
    }

    /// EXISTS over the subquery's rows that equal the values; with `or_unknown`, those that do not certainly differ.
    fn exists_where(self, or_unknown: bool) -> Result<Expr> {
        let mut equalities = Vec::with_capacity(self.pairs.len());
        for Pair { outer, column, .. } in self.pairs {
            let outer = outer.ok_or_else(|| {
                SparkError::unsupported(
                    "NOT IN and IN of several values, before which an aggregate function or a subquery stands",
                )
            })?;
            // The types are equal, so that no zone is needed.
            equalities.push(compare(ComparisonOp::Eq, outer, column, Zone::UTC)?.expr);
        }
        let equal = conjunction(equalities).ok_or_else(|| SparkError::internal("IN without values"))?;
        let condition = if or_unknown { equal.clone().or(equal.is_null()) } else { equal };
        let subquery = subquery(plan::filter(self.subquery, condition)?);
        Ok(Expr::Exists(Exists { subquery, negated: false }))
    }
}

/// A plan as a subquery, with the columns that it uses of the query around it.
pub(in crate::resolver) fn subquery(plan: LogicalPlan) -> Subquery {
    let outer_ref_columns = plan.all_out_ref_exprs();
    Subquery { subquery: Arc::new(plan), outer_ref_columns, spans: Spans::new() }
}

/// Whether a correlated plan has a value for a group without rows: Spark computes it from the aggregate functions over nothing
/// although GROUP BY makes no such group, where DataFusion's join gives NULL.
fn is_grouped_and_computed(plan: &LogicalPlan) -> bool {
    let mut computed = false;
    let mut rest = plan;
    loop {
        rest = match rest {
            LogicalPlan::Projection(projection) => {
                computed |= projection.expr.iter().any(|expr| !matches!(expr.clone().unalias(), Expr::Column(_)));
                projection.input.as_ref()
            }
            LogicalPlan::Filter(filter) => filter.input.as_ref(),
            LogicalPlan::Aggregate(aggregate) => {
                let counts = aggregate.aggr_expr.iter().any(|expr| {
                    matches!(expr.clone().unalias(), Expr::AggregateFunction(call) if call.func.name() == "count")
                });
                let correlated = !rest.all_out_ref_exprs().is_empty();
                return correlated && !aggregate.group_expr.is_empty() && (computed || counts);
            }
            _ => return false,
        };
    }
}
