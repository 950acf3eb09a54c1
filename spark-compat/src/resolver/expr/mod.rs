//! Lowering of expressions: syntax tree to [`Typed`], with Spark's coercions made explicit on the way up.

mod calls;
mod columns;
mod conditional;
mod constants;
mod correlation;
mod lambda;
mod literals;
mod logic;
mod nested;
mod operators;
mod predicates;
mod subquery;
mod windows;

use datafusion::logical_expr::Expr;
use sqlparser::ast;

pub(crate) use constants::evaluate_constant;
pub(super) use constants::evaluate_integer_literal;
pub(super) use correlation::check as check_correlation;
pub(super) use logic::conjunction;
pub(super) use subquery::subquery;

use lambda::LambdaScope;

use super::depth::descend;
use super::scope::Scope;
use super::typed::Typed;
use super::{Place, Resolver};
use crate::cast;
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::functions::float_keys;
use crate::types::SparkType;

/// The clause that an expression stands in: it decides what the expression may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clause {
    /// The SELECT list.
    Select,
    /// WHERE.
    Where,
    /// The condition of a join.
    JoinCondition,
    /// GROUP BY.
    GroupBy,
    /// HAVING.
    Having,
    /// ORDER BY.
    OrderBy,
    /// The argument of an aggregate function.
    AggregateArgument,
    /// The argument of a lateral view's generator.
    LateralView,
    /// A place where only constants may stand, with its name.
    Constant(&'static str),
}

impl Clause {
    /// Whether aggregate functions may stand here; if not, the error.
    fn check_aggregate(self) -> Result<()> {
        let refused = |clause: &str| {
            Err(SparkError::analysis(format!(
                "Aggregate/Window/Generate expressions are not valid in {clause} of the query."
            )))
        };
        match self {
            Self::Select | Self::Having | Self::OrderBy => Ok(()),
            Self::Where => refused("where clause"),
            Self::JoinCondition => refused("join condition"),
            Self::LateralView => refused("LATERAL VIEW"),
            Self::GroupBy => Err(SparkError::analysis("aggregate functions are not allowed in GROUP BY")),
            Self::AggregateArgument => Err(SparkError::analysis(
                "It is not allowed to use an aggregate function in the argument of another aggregate function. Please use \
                 the inner aggregate function in a sub-query.",
            )),
            Self::Constant(place) => Err(SparkError::analysis(format!("{place} must be a constant"))),
        }
    }

    /// Whether IN and EXISTS with a subquery may stand here.
    fn allows_predicate_subqueries(self) -> bool {
        matches!(self, Self::Where | Self::JoinCondition | Self::Having)
    }
}

/// Lowers expressions at one place of the query.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lowering<'r, 's> {
    resolver: &'r Resolver<'s>,
    place: &'r Place<'r>,
    /// Where names are looked up, in order.
    scopes: &'r [&'r Scope],
    /// The same for the arguments of aggregate functions.
    aggregate_scopes: &'r [&'r Scope],
    /// The parameters of the lambdas around the expression.
    lambda: Option<&'r LambdaScope<'r>>,
    clause: Clause,
}

impl<'r, 's> Lowering<'r, 's> {
    /// A lowering of expressions over `scopes`.
    pub fn new(resolver: &'r Resolver<'s>, place: &'r Place<'r>, scopes: &'r [&'r Scope], clause: Clause) -> Self {
        Self { resolver, place, scopes, aggregate_scopes: scopes, lambda: None, clause }
    }

    /// The same, with other scopes for the arguments of aggregate functions.
    pub fn with_aggregates_over(self, scopes: &'r [&'r Scope]) -> Self {
        Self { aggregate_scopes: scopes, ..self }
    }

    /// What the session and the moment of the query say.
    pub(super) fn facts(&self) -> super::Facts {
        self.resolver.facts
    }

    /// How the settings want names and numbers to be taken.
    pub(super) fn rules(&self) -> super::Rules {
        self.resolver.rules
    }

    fn zone(&self) -> Zone {
        self.resolver.facts.zone
    }

    /// Lowers an expression.
    pub fn lower(&self, expr: &ast::Expr) -> Result<Typed> {
        descend(|| self.lower_level(expr))
    }

    fn lower_all(&self, exprs: &[ast::Expr]) -> Result<Vec<Typed>> {
        exprs.iter().map(|expr| self.lower(expr)).collect()
    }

    fn lower_level(&self, expr: &ast::Expr) -> Result<Typed> {
        use ast::Expr as E;
        let unsupported = |what: &str| Err(SparkError::unsupported(what));
        match expr {
            E::Nested(inner) => self.lower(inner),
            E::Identifier(ident) => self.column(std::slice::from_ref(ident)),
            E::CompoundIdentifier(parts) => self.column(parts),
            E::Value(value) => literals::value(value, self.resolver.facts),
            E::TypedString(typed) => literals::typed_string(typed, self.resolver.facts),
            E::Interval(interval) => literals::interval(interval, self.resolver.facts),
            E::UnaryOp { op, expr } => self.unary(*op, expr),
            E::BinaryOp { left, op, right } => match self.connected(expr) {
                Some(chain) => chain,
                None => self.binary(left, op, right),
            },
            E::Cast { kind, expr, data_type, array: _, format } => self.cast(kind, expr, data_type, format.is_some()),
            E::Case { case_token: _, end_token: _, operand, conditions, else_result } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref())
            }
            E::Function(function) => self.call(function),
            E::Extract { field, syntax: _, expr } => self.extract(field, expr),
            E::Trim { trim_where, trim_what, expr, trim_characters } => {
                super::refuse(trim_characters.is_some(), "TRIM with a list of characters")?;
                self.trim(*trim_where, trim_what.as_deref(), expr)
            }
            E::Between { expr, negated, low, high } => self.between(expr, *negated, low, high),
            E::InList { expr, list, negated } => self.in_list(expr, list, *negated),
            E::Like { negated, any, expr, pattern, escape_char } => {
                super::refuse(*any, "LIKE ANY")?;
                self.like(*negated, expr, pattern, escape_char.as_ref())
            }
            E::IsNull(inner) | E::IsUnknown(inner) => self.is_null(inner),
            E::IsNotNull(inner) | E::IsNotUnknown(inner) => self.is_not_null(inner),
            E::IsTrue(inner) => self.is_boolean(inner, true, false),
            E::IsNotTrue(inner) => self.is_boolean(inner, true, true),
            E::IsFalse(inner) => self.is_boolean(inner, false, false),
            E::IsNotFalse(inner) => self.is_boolean(inner, false, true),
            E::IsDistinctFrom(left, right) => self.is_distinct(left, right, true),
            E::IsNotDistinctFrom(left, right) => self.is_distinct(left, right, false),
            E::Subquery(query) => self.scalar_subquery(query),
            E::Exists { subquery, negated } => self.exists(subquery, *negated),
            E::InSubquery { expr, subquery, negated } => self.in_subquery(expr, subquery, *negated),
            E::RLike { negated, expr, pattern, regexp: _ } => self.rlike(*negated, expr, pattern),
            E::ILike { .. } => unsupported("ILIKE"),
            E::SimilarTo { .. } => unsupported("SIMILAR TO"),
            E::CompoundFieldAccess { root, access_chain } => self.access(root, access_chain),
            E::Tuple(items) => self.row(items),
            E::Named { .. } => Err(SparkError::analysis("an alias may not stand here")),
            E::Struct { .. } | E::Dictionary(_) | E::Map(_) | E::Array(_) => {
                unsupported("constructors of arrays, maps and structs other than functions")
            }
            E::Lambda(_) => {
                Err(SparkError::analysis("A lambda function should only be used in a higher order function."))
            }
            E::GroupingSets(_) | E::Cube(_) | E::Rollup(_) => unsupported("GROUPING SETS, CUBE and ROLLUP"),
            E::Wildcard(_) | E::QualifiedWildcard(..) => {
                Err(SparkError::analysis("Invalid usage of '*' in expression"))
            }
            E::AtTimeZone { .. } => unsupported("AT TIME ZONE"),
            E::AnyOp { left, compare_op, right, is_some: _ } => self.like_quantified(left, compare_op, right, false),
            E::AllOp { left, compare_op, right } => self.like_quantified(left, compare_op, right, true),
            other => Err(SparkError::unsupported(format!("the expression {other}"))),
        }
    }

    /// Lowers the condition of WHERE, HAVING or a join: boolean, or an error.
    pub fn filter(&self, condition: &ast::Expr) -> Result<Typed> {
        let lowered = self.conjuncts(condition)?;
        // HAVING casts what is no predicate (Spark's `AstBuilder.withHavingClause`).
        if self.clause == Clause::Having && cast::can_cast(&lowered.data_type, &SparkType::Boolean) {
            return self.coerced_to(lowered, &SparkType::Boolean);
        }
        if lowered.data_type != SparkType::Boolean {
            return Err(SparkError::analysis(format!(
                "filter expression '{}' of type {} is not a boolean.",
                lowered.name, lowered.data_type
            )));
        }
        Ok(lowered)
    }

    /// The key that rows are sorted by for `typed`: NaN is the largest value and -0.0 is 0.0.
    pub fn sort_key(&self, typed: Typed) -> Result<Expr> {
        Ok(float_keys::sortable(typed.expr, &typed.data_type))
    }

    /// The key that rows are grouped by for `typed`: all NaNs are one and -0.0 is 0.0.
    pub fn group_key(&self, typed: &Typed) -> Result<Expr> {
        Ok(float_keys::normalized(typed.expr.clone(), &typed.data_type))
    }

    fn coerced_to(&self, typed: Typed, to: &SparkType) -> Result<Typed> {
        typed.coerced(to, self.zone())
    }
}

/// Whether an expression contains an aggregate function.
pub(super) fn has_aggregate(expr: &Expr) -> bool {
    use datafusion::common::tree_node::TreeNode;
    expr.exists(|e| Ok(matches!(e, Expr::AggregateFunction(_)))).unwrap_or(false)
}

/// Whether an expression contains IN or EXISTS with a subquery.
pub(super) fn has_predicate_subquery(expr: &Expr) -> bool {
    use datafusion::common::tree_node::TreeNode;
    expr.exists(|e| Ok(matches!(e, Expr::InSubquery(_) | Expr::Exists(_)))).unwrap_or(false)
}
