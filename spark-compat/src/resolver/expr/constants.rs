//! Constants: their value at the time of resolution.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use sqlparser::ast;

use crate::error::{Result, SparkError};
use crate::parse::literal;
use crate::resolver::order::as_position;

/// The value of an expression without columns.
///
/// # Errors
///
/// The expression is not constant.
pub(crate) fn evaluate_constant(expr: &Expr) -> Result<ScalarValue> {
    let simplifier = ExprSimplifier::new(SimplifyContext::builder().build());
    match simplifier.simplify(expr.clone())? {
        Expr::Literal(value, _) => Ok(value),
        _ => Err(SparkError::analysis("the expression must be a constant")),
    }
}

/// The value of an int literal as it stands in the text, as positions in GROUP BY and ORDER BY are.
pub(in crate::resolver) fn evaluate_integer_literal(expr: &ast::Expr) -> Option<i64> {
    match expr {
        ast::Expr::Nested(inner) => evaluate_integer_literal(inner),
        ast::Expr::Value(value) => {
            let (_, value) = literal::value(&value.value).ok()?;
            as_position(&value)
        }
        _ => None,
    }
}
