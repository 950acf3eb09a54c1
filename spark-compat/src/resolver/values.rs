//! VALUES: an inline table, whose columns are called `col1`, `col2`, ..

use datafusion::common::tree_node::TreeNode;
use datafusion::logical_expr::Expr;
use sqlparser::ast;

use super::expr::{Clause, Lowering};
use super::relation::Relation;
use super::scope::{Scope, ScopeColumn};
use super::typed::Typed;
use super::{Place, Resolver, plan};
use crate::coercion;
use crate::error::{Result, SparkError};
use crate::functions;

/// The expressions of a row. A single struct is a row itself, as in Spark's `AstBuilder.visitInlineTable`.
fn members(row: &[ast::Expr]) -> Vec<&ast::Expr> {
    let [single] = row else { return row.iter().collect() };
    let mut inner = single;
    while let ast::Expr::Nested(expr) = inner {
        inner = expr;
    }
    match inner {
        ast::Expr::Tuple(items) => items.iter().collect(),
        ast::Expr::Function(function) if function.name.to_string().eq_ignore_ascii_case("struct") => {
            struct_members(&function.args).unwrap_or_else(|| vec![single])
        }
        _ => vec![single],
    }
}

fn struct_members(args: &ast::FunctionArguments) -> Option<Vec<&ast::Expr>> {
    let ast::FunctionArguments::List(list) = args else { return None };
    let exprs = list.args.iter().map(|arg| match arg {
        ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    });
    exprs.collect()
}

/// Whether a value is one that Spark computes while it plans: a random number is none, nor is a subquery.
fn is_constant(value: &Typed) -> bool {
    let has_subquery = value.expr.exists(|expr| Ok(matches!(expr, Expr::ScalarSubquery(_))));
    !value.expr.is_volatile() && !has_subquery.unwrap_or(false)
}

impl Resolver<'_> {
    /// The inline table. Each column has the common type of its values (Spark's `ResolveInlineTables`).
    pub(super) fn values(&self, values: &ast::Values, place: &Place<'_>) -> Result<Relation> {
        let ast::Values { explicit_row, value_keyword: _, rows } = values;
        if *explicit_row {
            return Err(functions::undefined("row"));
        }
        let lowering = Lowering::new(self, place, &[], Clause::Constant("an expression in an inline table"));
        let rows = rows
            .iter()
            .map(|row| members(row).into_iter().map(|value| lowering.lower(value)).collect::<Result<Vec<_>>>())
            .collect::<Result<Vec<_>>>()?;
        if let Some(value) = rows.iter().flatten().find(|value| !is_constant(value)) {
            return Err(SparkError::analysis(format!(
                "cannot evaluate expression {} in inline table definition",
                value.name
            )));
        }
        let width = rows.first().map_or(0, Vec::len);
        if let Some((at, row)) = rows.iter().enumerate().find(|(_, row)| row.len() != width) {
            return Err(SparkError::analysis(format!(
                "expected {width} columns but found {} columns in row {at}",
                row.len()
            )));
        }
        let mut columns = Vec::with_capacity(width);
        let mut cells: Vec<Vec<_>> = rows.iter().map(|_| Vec::with_capacity(width)).collect();
        for at in 0..width {
            let column: Vec<&Typed> = rows.iter().filter_map(|row| row.get(at)).collect();
            let types: Vec<_> = column.iter().map(|value| value.data_type.clone()).collect();
            let common = coercion::wider_common_type_without_strings(&types).ok_or_else(|| {
                SparkError::analysis(format!("incompatible types found in column col{} for inline table", at + 1))
            })?;
            let nullable = column.iter().any(|value| value.nullable);
            for (value, cells) in column.into_iter().zip(&mut cells) {
                cells.push(value.clone().coerced(&common, self.facts.zone)?.expr);
            }
            let attribute = self.ids.attribute(common, nullable);
            columns.push(ScopeColumn { name: format!("col{}", at + 1), qualifier: None, attribute });
        }
        let attributes: Vec<_> = columns.iter().map(|column| column.attribute.clone()).collect();
        Ok(Relation { plan: plan::values(cells, &attributes)?, scope: Scope::new(columns) })
    }
}
