//! Constants: their value at the time of resolution.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::datatypes::Field;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use sqlparser::ast;

use crate::error::{Result, SparkError};
use crate::parse::literal;
use crate::resolver::attribute::Attribute;
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

/// The value that DataFusion's optimizer will find for an expression of these columns: of a constant, and of `a * 0` and the like.
pub(super) fn folded<'a>(expr: &Expr, columns: impl Iterator<Item = &'a Attribute>) -> Option<ScalarValue> {
    let used = expr.column_refs();
    let mut fields = BTreeMap::new();
    for column in columns.filter(|column| used.contains(&column.id.column())) {
        fields.insert(column.id, Field::new(column.id.plan_name(), column.data_type.to_arrow(), column.nullable));
    }
    let schema = DFSchema::from_unqualified_fields(fields.into_values().collect(), HashMap::new()).ok()?;
    let context = SimplifyContext::builder().with_schema(Arc::new(schema)).build();
    match ExprSimplifier::new(context).simplify(expr.clone()) {
        Ok(Expr::Literal(value, _)) => Some(value),
        _ => None,
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
