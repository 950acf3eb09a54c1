//! `*`, `t.*` in a SELECT list.

use sqlparser::ast;

use super::scope::{Scope, ScopeColumn};
use super::{name_parts, refuse};
use crate::error::{Result, SparkError};

/// The columns that `*` stands for.
pub(super) fn columns<'s>(scope: &'s Scope, options: &ast::WildcardAdditionalOptions) -> Result<Vec<&'s ScopeColumn>> {
    refuse_options(options)?;
    if scope.columns.is_empty() {
        return Err(SparkError::analysis("Invalid usage of '*' in expression: there is no FROM clause"));
    }
    Ok(scope.columns.iter().collect())
}

/// The columns that `qualifier.*` stands for.
pub(super) fn qualified_columns<'s>(
    scope: &'s Scope,
    kind: &ast::SelectItemQualifiedWildcardKind,
    options: &ast::WildcardAdditionalOptions,
) -> Result<Vec<&'s ScopeColumn>> {
    refuse_options(options)?;
    let ast::SelectItemQualifiedWildcardKind::ObjectName(name) = kind else {
        return Err(SparkError::unsupported("the fields of an expression as (..).*"));
    };
    let parts = name_parts(name)?;
    if let [qualifier] = &parts[..] {
        let columns = scope.qualified_star(qualifier);
        if !columns.is_empty() {
            return Ok(columns);
        }
    }
    if scope.resolve(&parts)?.is_some() {
        return Err(SparkError::unsupported(format!("the fields of a struct as {name}.*")));
    }
    let names: Vec<_> = scope.columns.iter().map(|column| column.name.as_str()).collect();
    Err(SparkError::analysis(format!("cannot resolve '{name}.*' given input columns '{}'", names.join(", "))))
}

fn refuse_options(options: &ast::WildcardAdditionalOptions) -> Result<()> {
    let ast::WildcardAdditionalOptions {
        wildcard_token: _,
        opt_ilike,
        opt_exclude,
        opt_except,
        opt_replace,
        opt_rename,
        opt_alias,
    } = options;
    refuse(opt_ilike.is_some(), "* ILIKE")?;
    refuse(opt_exclude.is_some() || opt_except.is_some(), "* EXCEPT")?;
    refuse(opt_replace.is_some() || opt_rename.is_some(), "* REPLACE and * RENAME")?;
    refuse(opt_alias.is_some(), "* AS")
}
