//! Names in expressions: columns of the query, columns of the query around it.

use std::sync::Arc;

use arrow::datatypes::Field;
use datafusion::logical_expr::Expr;
use sqlparser::ast;

use super::Lowering;
use crate::error::{Result, SparkError};
use crate::functions::grouping::hive_grouping_id;
use crate::functions::nested::access;
use crate::resolver::attribute::Attribute;
use crate::resolver::scope::{Found, Scope};
use crate::resolver::typed::Typed;

impl Lowering<'_, '_> {
    /// The column that a dotted name means.
    pub(super) fn column(&self, parts: &[ast::Ident]) -> Result<Typed> {
        let located = |error: SparkError| match parts.first() {
            Some(first) => error.at(first.span.start),
            None => error,
        };
        if let Some(variable) = self.lambda_variable(parts) {
            return variable.map_err(located);
        }
        let names: Vec<String> = parts.iter().map(|part| part.value.clone()).collect();
        if let Some(found) = find(self.scopes, &names).map_err(located)? {
            let column = Typed::attribute(&found.column.attribute, found.written_name);
            return self.fields_of(column, found.fields).map_err(located);
        }
        if let Some(found) = find(self.place.outer, &names).map_err(located)? {
            let attribute = &found.column.attribute;
            let (data_type, nullable) = (attribute.data_type.clone(), attribute.nullable);
            let column = Typed::new(outer_reference(attribute), data_type, nullable, found.written_name);
            return self.fields_of(column, found.fields).map_err(located);
        }
        if matches!(&names[..], [name] if name.eq_ignore_ascii_case("grouping__id")) {
            self.clause.check_aggregate()?;
            return hive_grouping_id();
        }
        let nothing = Scope::default();
        let nearest = self.scopes.first().copied().unwrap_or(&nothing);
        Err(located(nearest.unresolved(&names)))
    }

    /// The fields of a column, one inside the other.
    fn fields_of(&self, column: Typed, fields: &[String]) -> Result<Typed> {
        fields.iter().try_fold(column, |base, field| access::field(base, field, self.zone()))
    }

    /// The qualifier that a column keeps when a SELECT list takes it over as it is.
    pub fn qualifier_of(&self, expr: &ast::Expr) -> Result<Option<String>> {
        let parts = match expr {
            ast::Expr::Identifier(ident) => std::slice::from_ref(ident),
            ast::Expr::CompoundIdentifier(parts) => parts,
            ast::Expr::Nested(inner) => return self.qualifier_of(inner),
            _ => return Ok(None),
        };
        let names: Vec<String> = parts.iter().map(|part| part.value.clone()).collect();
        let found = find(self.scopes, &names)?;
        Ok(found.filter(|found| found.fields.is_empty()).and_then(|found| found.column.qualifier.clone()))
    }
}

impl Lowering<'_, '_> {
    /// Whether the expression is the cast of a field of a struct, which a SELECT list does not name after the field.
    pub fn is_field(&self, expr: &ast::Expr) -> Result<bool> {
        match expr {
            ast::Expr::Nested(inner) => self.is_field(inner),
            ast::Expr::Cast { kind: ast::CastKind::Cast, expr, .. } => self.is_path(expr),
            _ => Ok(false),
        }
    }

    fn is_path(&self, expr: &ast::Expr) -> Result<bool> {
        let parts = match expr {
            ast::Expr::Nested(inner) => return self.is_path(inner),
            ast::Expr::CompoundIdentifier(parts) => parts,
            _ => return Ok(false),
        };
        let names: Vec<String> = parts.iter().map(|part| part.value.clone()).collect();
        Ok(find(self.scopes, &names)?.is_some_and(|found| !found.fields.is_empty()))
    }
}

/// What `names` means in the first of `scopes` that knows it.
fn find<'a>(scopes: &'a [&'a Scope], names: &'a [String]) -> Result<Option<Found<'a>>> {
    for scope in scopes {
        if let Some(found) = scope.resolve(names)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// An attribute of the query around this one.
pub(super) fn outer_reference(attribute: &Attribute) -> Expr {
    // Nullable whatever it is outside: nothing may be concluded from it inside.
    let field = Field::new(attribute.id.plan_name(), attribute.data_type.to_arrow(), true);
    Expr::OuterReferenceColumn(Arc::new(field), attribute.id.column())
}
