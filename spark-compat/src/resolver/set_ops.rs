//! UNION, INTERSECT and EXCEPT, with the columns of both sides cast to common types.

use datafusion::common::JoinType;
use datafusion::functions_window::row_number::row_number_udwf;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::{WindowFunction, WindowFunctionParams};
use sqlparser::ast;

use super::attribute::Attribute;
use super::relation::Relation;
use super::scope::{Scope, ScopeColumn};
use super::typed::Typed;
use super::{Place, Resolver, plan};
use crate::coercion;
use crate::error::{Result, SparkError};
use crate::functions::float_keys;
use crate::functions::nested::kind::contains_map;
use crate::types::SparkType;

impl Resolver<'_> {
    /// A set operation. Chains lean to the left; they are taken apart in a loop, so that a long one is not a deep one.
    pub(super) fn set_operation(&self, whole: &ast::SetExpr, place: &Place<'_>) -> Result<Relation> {
        let mut first = whole;
        let mut steps = Vec::new();
        while let ast::SetExpr::SetOperation { left, op, set_quantifier, right } = first {
            steps.push((*op, *set_quantifier, right.as_ref()));
            first = left;
        }
        let place = &Place { whole: false, ..place.clone() };
        let first = self.set_expr(first, place)?;
        let combined = steps.into_iter().rev().try_fold(first, |left, (op, quantifier, right)| {
            self.combine(left, op, quantifier, self.set_expr(right, place)?)
        })?;
        if !place.outer.is_empty() && !combined.plan.all_out_ref_exprs().is_empty() {
            return Err(SparkError::analysis("Accessing outer query column is not allowed in: a set operation"));
        }
        Ok(combined)
    }

    /// `left op [ALL | DISTINCT] right`.
    fn combine(
        &self,
        left: Relation,
        op: ast::SetOperator,
        quantifier: ast::SetQuantifier,
        right: Relation,
    ) -> Result<Relation> {
        use ast::SetQuantifier as Q;
        let all = match quantifier {
            Q::All => true,
            Q::None | Q::Distinct => false,
            Q::ByName | Q::AllByName | Q::DistinctByName => {
                return Err(SparkError::unsupported("set operations BY NAME"));
            }
        };
        match (op, all) {
            (ast::SetOperator::Union, true) => self.union(left, right),
            (ast::SetOperator::Union, false) => {
                let both = self.union(left, right)?;
                self.distinct(both)
            }
            (ast::SetOperator::Intersect, false) => self.by_join("Intersect", left, right, JoinType::LeftSemi),
            (ast::SetOperator::Except | ast::SetOperator::Minus, false) => {
                self.by_join("Except", left, right, JoinType::LeftAnti)
            }
            (ast::SetOperator::Intersect, true) => self.all_by_join("IntersectAll", left, right, JoinType::LeftSemi),
            (ast::SetOperator::Except | ast::SetOperator::Minus, true) => {
                self.all_by_join("ExceptAll", left, right, JoinType::LeftAnti)
            }
        }
    }

    fn union(&self, left: Relation, right: Relation) -> Result<Relation> {
        let (left, right) = self.common_columns("Union", left, right)?;
        // The names that count are those of the left side.
        let names = left.scope.columns.iter().map(|column| column.attribute.id);
        let right_attributes: Vec<_> = right.scope.columns.into_iter().map(|column| column.attribute).collect();
        let exprs = right_attributes.iter().zip(names).map(|(attribute, id)| plan::define(attribute.expr(), id));
        let exprs = exprs.collect();
        let renamed = plan::project(right.plan, exprs)?;
        let columns = left.scope.columns.into_iter().zip(&right_attributes).map(|(mut column, other)| {
            column.attribute.nullable |= other.nullable;
            column
        });
        let scope = Scope::new(columns.collect());
        Ok(Relation { plan: plan::union(left.plan, renamed)?, scope })
    }

    /// The distinct rows of the left side that are (or are not) on the right side; NULL equals NULL.
    fn by_join(&self, name: &str, left: Relation, right: Relation, join_type: JoinType) -> Result<Relation> {
        let (left, right) = self.common_columns(name, left, right)?;
        let left = self.distinct(left)?;
        let right = self.with_normalized_floats(right)?;
        let key = |attribute: &Attribute| float_keys::comparable(attribute.expr(), &attribute.data_type);
        let keys = left.attributes().zip(right.attributes()).map(|(l, r)| (key(l), key(r))).collect();
        Ok(Relation { plan: plan::null_safe_join(left.plan, right.plan, join_type, keys)?, scope: left.scope })
    }

    /// INTERSECT ALL and EXCEPT ALL: the n-th of equal rows on the left is paired with the n-th of them on the right.
    fn all_by_join(&self, name: &str, left: Relation, right: Relation, join_type: JoinType) -> Result<Relation> {
        let (left, right) = self.common_columns(name, left, right)?;
        let (left, number) = self.numbered(left)?;
        let (right, right_number) = self.numbered(right)?;
        let keys = left.attributes().zip(right.attributes()).map(|(l, r)| (l.expr(), r.expr()));
        let keys = keys.chain([(number, right_number)]).collect();
        Ok(Relation { plan: plan::null_safe_join(left.plan, right.plan, join_type, keys)?, scope: left.scope })
    }

    /// The rows of an exact relation, of which equal ones are numbered, and the number's column.
    fn numbered(&self, exact: Relation) -> Result<(Relation, Expr)> {
        let Relation { plan, scope } = self.with_normalized_floats(exact)?;
        let columns: Vec<Expr> = scope.columns.iter().map(|column| column.attribute.expr()).collect();
        let number = self.ids.next();
        let function = WindowFunction::new(row_number_udwf(), vec![]);
        let params = WindowFunctionParams { partition_by: columns, ..function.params };
        let numbering = Expr::WindowFunction(Box::new(WindowFunction { params, ..function }));
        let plan = plan::window(plan, vec![plan::define(numbering, number)])?;
        Ok((Relation { plan, scope }, Expr::Column(number.column())))
    }

    /// Both sides as exact relations whose columns have the same types (Spark's `WidenSetOperationTypes`).
    fn common_columns(&self, name: &str, left: Relation, right: Relation) -> Result<(Relation, Relation)> {
        let (left_count, right_count) = (left.scope.columns.len(), right.scope.columns.len());
        if left_count != right_count {
            return Err(SparkError::analysis(format!(
                "{name} can only be performed on tables with the same number of columns, but the first table has {left_count} \
                 columns and the second table has {right_count} columns"
            )));
        }
        let pairs = left.attributes().zip(right.attributes()).enumerate();
        let common = pairs.map(|(at, (l, r))| {
            if l.data_type == r.data_type {
                return Ok(l.data_type.clone());
            }
            coercion::wider_type(&l.data_type, &r.data_type).ok_or_else(|| {
                SparkError::analysis(format!(
                    "{name} can only be performed on tables with the compatible column types. {} <> {} at column {} of the \
                     second table",
                    r.data_type,
                    l.data_type,
                    at + 1
                ))
            })
        });
        let common = common.collect::<Result<Vec<_>>>()?;
        Ok((self.with_types(left, &common)?, self.with_types(right, &common)?))
    }

    /// The relation with its columns cast to `types`.
    fn with_types(&self, relation: Relation, types: &[SparkType]) -> Result<Relation> {
        let exact = relation.into_exact(self.ids)?;
        if exact.attributes().zip(types).all(|(attribute, data_type)| attribute.data_type == *data_type) {
            return Ok(exact);
        }
        let mut exprs = Vec::with_capacity(types.len());
        let mut columns: Vec<ScopeColumn> = Vec::with_capacity(types.len());
        for (mut column, data_type) in exact.scope.columns.into_iter().zip(types) {
            let typed = Typed::attribute(&column.attribute, "");
            if column.attribute.data_type == *data_type {
                exprs.push(typed.expr);
            } else {
                let cast = typed.coerced(data_type, self.facts.zone)?;
                column.attribute = self.ids.attribute(data_type.clone(), cast.nullable);
                exprs.push(plan::define(cast.expr, column.attribute.id));
            }
            columns.push(column);
        }
        Ok(Relation { plan: plan::project(exact.plan, exprs)?, scope: Scope::new(columns) })
    }

    /// An exact relation in whose float columns equal values have equal bits.
    pub(super) fn with_normalized_floats(&self, exact: Relation) -> Result<Relation> {
        if let Some(column) = exact.scope.columns.iter().find(|c| contains_map(&c.attribute.data_type)) {
            return Err(SparkError::analysis(format!(
                "Cannot have map type columns in DataFrame which calls set operations(intersect, except, etc.), but the type of \
                 column {} is {}",
                column.name, column.attribute.data_type
            )));
        }
        if !exact.attributes().any(|a| float_keys::needs_normalization(&a.data_type)) {
            return Ok(exact);
        }
        let exprs = exact.attributes().map(|a| match float_keys::needs_normalization(&a.data_type) {
            true => plan::define(float_keys::normalized(a.expr(), &a.data_type), a.id),
            false => a.expr(),
        });
        let exprs = exprs.collect();
        Ok(Relation { plan: plan::project(exact.plan, exprs)?, scope: exact.scope })
    }
}
