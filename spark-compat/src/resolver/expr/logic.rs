//! AND, OR and NOT. Chains of them become balanced trees, so that a long one does not become a deep one.

use datafusion::logical_expr::{Expr, Operator, binary_expr, not};
use sqlparser::ast;

use super::Lowering;
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::resolver::names;
use crate::resolver::typed::Typed;
use crate::types::SparkType;

/// AND or OR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connective {
    And,
    Or,
}

impl Connective {
    fn of(op: &ast::BinaryOperator) -> Option<Self> {
        match op {
            ast::BinaryOperator::And => Some(Self::And),
            ast::BinaryOperator::Or => Some(Self::Or),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::And => "AND",
            Self::Or => "OR",
        }
    }

    fn operator(self) -> Operator {
        match self {
            Self::And => Operator::And,
            Self::Or => Operator::Or,
        }
    }

    fn dual(self) -> Self {
        match self {
            Self::And => Self::Or,
            Self::Or => Self::And,
        }
    }
}

impl Lowering<'_, '_> {
    /// A chain `a AND b AND c`; `None` if the expression is none.
    pub(super) fn connected(&self, expr: &ast::Expr) -> Option<Result<Typed>> {
        let (connective, terms) = chain(expr)?;
        Some(
            terms
                .into_iter()
                .map(|term| self.lower(term))
                .collect::<Result<Vec<_>>>()
                .and_then(|terms| connect(connective, terms)),
        )
    }

    /// The condition of a clause. Its conjuncts are where a NOT IN may become a join that knows NULLs.
    pub(super) fn conjuncts(&self, condition: &ast::Expr) -> Result<Typed> {
        match condition {
            ast::Expr::Nested(inner) => crate::resolver::depth::descend(|| self.conjuncts(inner)),
            _ => match chain(condition) {
                Some((Connective::And, terms)) => {
                    let terms = terms.into_iter().map(|term| self.conjuncts(term)).collect::<Result<_>>()?;
                    connect(Connective::And, terms)
                }
                _ => match self.null_aware_not_in(condition) {
                    Some(lowered) => lowered,
                    None => self.lower(condition),
                },
            },
        }
    }

    /// `NOT operand`. Where the operand is made of IN subqueries, the NOT moves to them, as Spark's optimizer does before it
    /// turns them into joins: only a NOT IN knows what NULLs do to it.
    pub(super) fn negated(&self, operand: &ast::Expr) -> Result<Typed> {
        match operand {
            ast::Expr::Nested(inner) => crate::resolver::depth::descend(|| self.negated(inner)),
            ast::Expr::InSubquery { expr, subquery, negated } => self.in_subquery(expr, subquery, !negated),
            _ if contains_in_subquery(operand) => match operand {
                ast::Expr::UnaryOp { op: ast::UnaryOperator::Not, expr } => self.lower(expr),
                _ => match chain(operand) {
                    Some((connective, terms)) => {
                        let terms = terms.into_iter().map(|term| self.negated(term)).collect::<Result<_>>()?;
                        connect(connective.dual(), terms)
                    }
                    None => self.negation_of(self.lower(operand)?),
                },
            },
            _ => self.negation_of(self.lower(operand)?),
        }
    }

    /// NOT of a lowered operand.
    pub(super) fn negation_of(&self, operand: Typed) -> Result<Typed> {
        let name = names::prefix("NOT", &operand.name);
        let operand = boolean(operand, &name)?;
        Ok(Typed::new(not(operand.expr), SparkType::Boolean, operand.nullable, name))
    }
}

/// The terms of a chain of one connective, from left to right. Parentheses end the chain: they show in the name.
fn chain(expr: &ast::Expr) -> Option<(Connective, Vec<&ast::Expr>)> {
    let ast::Expr::BinaryOp { op, .. } = expr else { return None };
    let connective = Connective::of(op)?;
    let mut terms = Vec::new();
    let mut rest = expr;
    while let ast::Expr::BinaryOp { left, op, right } = rest
        && Connective::of(op) == Some(connective)
    {
        terms.push(right.as_ref());
        rest = left;
    }
    terms.push(rest);
    terms.reverse();
    Some((connective, terms))
}

fn connect(connective: Connective, terms: Vec<Typed>) -> Result<Typed> {
    let mut name = String::new();
    let mut nullable = false;
    let mut exprs = Vec::with_capacity(terms.len());
    for term in terms {
        name = if exprs.is_empty() { term.name.clone() } else { names::infix(&name, connective.word(), &term.name) };
        let term = boolean(term, &name)?;
        nullable |= term.nullable;
        exprs.push(term.expr);
    }
    let expr = balanced(exprs, connective.operator());
    let expr = expr.ok_or_else(|| SparkError::internal("a chain without terms"))?;
    Ok(Typed::new(expr, SparkType::Boolean, nullable, name))
}

/// An operand of a logical operator; NULL is a boolean there.
fn boolean(typed: Typed, whole: &str) -> Result<Typed> {
    match typed.data_type {
        SparkType::Boolean => Ok(typed),
        SparkType::Void => typed.coerced(&SparkType::Boolean, Zone::UTC),
        other => Err(SparkError::analysis(format!(
            "cannot resolve '{whole}' due to data type mismatch: argument requires boolean type, however, '{}' is of {other} \
             type.",
            typed.name
        ))),
    }
}

/// All of `terms`; `None` if there are none.
pub(in crate::resolver) fn conjunction(terms: Vec<Expr>) -> Option<Expr> {
    balanced(terms, Operator::And)
}

/// Any of `terms`; `None` if there are none.
pub(super) fn disjunction(terms: Vec<Expr>) -> Option<Expr> {
    balanced(terms, Operator::Or)
}

/// The terms connected to a tree whose depth is the logarithm of their number.
fn balanced(mut terms: Vec<Expr>, operator: Operator) -> Option<Expr> {
    while terms.len() > 1 {
        let mut rest = terms.into_iter();
        terms = Vec::with_capacity(rest.len().div_ceil(2));
        while let Some(left) = rest.next() {
            terms.push(match rest.next() {
                Some(right) => binary_expr(left, operator, right),
                None => left,
            });
        }
    }
    terms.pop()
}

/// Whether the tree of logical operators at the top of `expr` has an IN subquery at its leaves.
fn contains_in_subquery(expr: &ast::Expr) -> bool {
    match expr {
        ast::Expr::Nested(inner) => contains_in_subquery(inner),
        ast::Expr::UnaryOp { op: ast::UnaryOperator::Not, expr } => contains_in_subquery(expr),
        ast::Expr::InSubquery { .. } => true,
        _ => chain(expr).is_some_and(|(_, terms)| terms.into_iter().any(contains_in_subquery)),
    }
}
