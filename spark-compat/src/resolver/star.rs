//! `*`, `t.*` in a SELECT list.

use sqlparser::ast;

use super::scope::{Scope, ScopeColumn, same_name};
use super::typed::Typed;
use super::{name_parts, refuse};
use crate::datetime::zone::Zone;
use crate::error::{ErrorKind, Result, SparkError};
use crate::functions::nested::access;
use crate::java_regex::JavaRegex;

/// A column, or a field of a struct, that came out of a star.
#[derive(Clone, Debug)]
pub(super) struct Starred {
    /// The column or field.
    pub typed: Typed,
    /// Its name.
    pub name: String,
    /// The column's qualifier.
    pub qualifier: Option<String>,
    /// Whether it is a field of a struct.
    pub is_field: bool,
}

impl Starred {
    /// A column of the scope.
    pub fn column(column: &ScopeColumn) -> Self {
        Self {
            typed: Typed::attribute(&column.attribute, &column.name),
            name: column.name.clone(),
            qualifier: column.qualifier.clone(),
            is_field: false,
        }
    }
}

/// The columns that `*` stands for.
pub(super) fn columns<'s>(scope: &'s Scope, options: &ast::WildcardAdditionalOptions) -> Result<Vec<&'s ScopeColumn>> {
    refuse_options(options)?;
    all(scope)
}

/// The columns that `*` stands for.
pub(super) fn all(scope: &Scope) -> Result<Vec<&ScopeColumn>> {
    if scope.columns.is_empty() {
        return Err(SparkError::analysis("Invalid usage of '*' in expression: there is no FROM clause"));
    }
    Ok(scope.columns.iter().collect())
}

/// What `qualifier.*` stands for.
pub(super) fn qualified_columns(
    scope: &Scope,
    kind: &ast::SelectItemQualifiedWildcardKind,
    options: &ast::WildcardAdditionalOptions,
    zone: Zone,
) -> Result<Vec<Starred>> {
    refuse_options(options)?;
    let ast::SelectItemQualifiedWildcardKind::ObjectName(name) = kind else {
        return Err(SparkError::new(ErrorKind::Parse, "mismatched input '*': only a name may stand before .*"));
    };
    qualified(scope, name, zone)
}

/// The columns of the relation `name`, or the fields of the struct of that name.
pub(super) fn qualified(scope: &Scope, name: &ast::ObjectName, zone: Zone) -> Result<Vec<Starred>> {
    let parts = name_parts(name)?;
    if let [qualifier] = &parts[..] {
        let columns = scope.qualified_star(qualifier);
        if !columns.is_empty() {
            return Ok(columns.into_iter().map(Starred::column).collect());
        }
    }
    if let Some(found) = scope.resolve(&parts)? {
        let column = Typed::attribute(&found.column.attribute, found.written_name);
        let base = found.fields.iter().try_fold(column, |base, field| access::field(base, field, zone))?;
        let fields = access::all_fields(&base, zone)?;
        let starred = |(name, typed)| Starred { typed, name, qualifier: None, is_field: true };
        return Ok(fields.into_iter().map(starred).collect());
    }
    let names: Vec<_> = scope.columns.iter().map(|column| column.name.as_str()).collect();
    Err(SparkError::analysis(format!("cannot resolve '{name}.*' given input columns '{}'", names.join(", "))))
}

/// The columns whose names fit a regular expression, those of the relation `qualifier` alone if there is one.
pub(super) fn fitting<'s>(scope: &'s Scope, qualifier: Option<&str>, regex: &str) -> Result<Vec<&'s ScopeColumn>> {
    let regex = JavaRegex::compiled(&format!("(?i)^(?:{regex})$"))?;
    let mut fitting = Vec::new();
    for column in &scope.columns {
        let own = column.qualifier.as_deref();
        let reached = qualifier.is_none_or(|qualifier| own.is_some_and(|own| same_name(own, qualifier)));
        if reached && regex.is_match(&column.name)? {
            fitting.push(column);
        }
    }
    Ok(fitting)
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
