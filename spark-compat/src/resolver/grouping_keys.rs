//! What may be a key of GROUP BY, and which expressions are the same key.

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use sqlparser::ast;

use super::expr::has_aggregate;
use super::scope::Scope;
use super::select::Item;
use super::typed::Typed;
use super::windows::has_window;
use crate::error::{Result, SparkError};
use crate::functions::nested::kind::is_orderable;

/// The item of the SELECT list at a position of GROUP BY.
pub(super) fn by_position(position: i64, items: &[Item]) -> Result<Typed> {
    if items.iter().any(|item| item.from_star) {
        return Err(SparkError::analysis(
            "Star (*) is not allowed in select list when GROUP BY ordinal position is used",
        ));
    }
    let item = usize::try_from(position).ok().and_then(|p| p.checked_sub(1)).and_then(|p| items.get(p));
    let item = item.ok_or_else(|| {
        SparkError::analysis(format!(
            "GROUP BY position {position} is not in select list (valid range is [1, {}])",
            items.len()
        ))
    })?;
    if has_aggregate(&item.typed.expr) {
        return Err(SparkError::analysis(format!(
            "GROUP BY {position} refers to an expression that is or contains an aggregate function. Aggregate functions are \
             not allowed in GROUP BY, but got {}",
            item.typed.name
        )));
    }
    Ok(item.typed.clone())
}

/// The item whose alias `group` is, if it is a name that means nothing in the input.
pub(super) fn alias_of_item(group: &ast::Expr, items: &[Item], input: &Scope) -> Result<Option<Typed>> {
    let ast::Expr::Identifier(ident) = group else { return Ok(None) };
    let name = ident.value.clone();
    if input.resolve(std::slice::from_ref(&name))?.is_some() {
        return Ok(None);
    }
    let item = items.iter().find(|item| item.alias.as_deref().is_some_and(|alias| super::same_name(alias, &name)));
    match item {
        Some(item) if has_aggregate(&item.typed.expr) || has_window(&item.typed.expr) => Err(SparkError::analysis(
            format!("aggregate functions are not allowed in GROUP BY, but found {}", item.typed.name),
        )),
        item => Ok(item.map(|item| item.typed.clone())),
    }
}

/// An error if values of the type can't be grouped.
pub(super) fn refuse_ungroupable(typed: &Typed) -> Result<()> {
    match &typed.data_type {
        other if !is_orderable(other) => Err(SparkError::analysis(format!(
            "expression {} cannot be used as a grouping expression because its data type {} is not an orderable data type.",
            typed.name, typed.data_type
        ))),
        _ => Ok(()),
    }
}

/// The expression with the operands of commutative operators in a fixed order, so that `a + 1` and `1 + a` are the same
/// (Spark's `Canonicalize`).
pub(super) fn canonical(expr: &Expr) -> Expr {
    let ordered = expr.clone().transform_up(|expr| {
        Ok(match expr {
            Expr::BinaryExpr(BinaryExpr { left, op, right })
                if is_commutative(op) && left.to_string() > right.to_string() =>
            {
                Transformed::yes(Expr::BinaryExpr(BinaryExpr { left: right, op, right: left }))
            }
            other => Transformed::no(other),
        })
    });
    ordered.map_or_else(|_| expr.clone(), |ordered| ordered.data)
}

fn is_commutative(op: Operator) -> bool {
    use Operator as O;
    matches!(
        op,
        O::Plus | O::Multiply | O::Eq | O::NotEq | O::And | O::Or | O::BitwiseAnd | O::BitwiseOr | O::BitwiseXor
    )
}
