//! WITH: named queries, each visible to the ones after it and to the body.
//!
//! Spark 3.2.0 takes the definitions out of a query, or out of an expression that is one, before it looks up the names of the WITH
//! clauses around them. Hence a definition sees those before it in its own clause and those around the expression that it is
//! in, but none between.

use std::rc::Rc;

use sqlparser::ast;

use super::relation::Relation;
use super::scope::{Scope, same_name};
use super::{Place, Resolver, refuse};
use crate::error::{Result, SparkError};

/// The WITH queries that are visible at a place: a list that ends with the innermost definition.
pub(super) type Ctes<'a> = Option<Rc<Cte<'a>>>;

/// One named query with what its own text can see.
#[derive(Debug)]
pub(super) struct Cte<'a> {
    name: &'a str,
    columns: &'a [ast::TableAliasColumnDef],
    query: &'a ast::Query,
    /// The next definition outwards, for those that look for a name.
    next: Ctes<'a>,
    /// What the definition itself can name.
    before: Ctes<'a>,
    outside: Ctes<'a>,
    around: Ctes<'a>,
    outer: &'a [&'a Scope],
}

/// The nearest definition of `name`.
pub(super) fn find<'c, 'a>(ctes: &'c Ctes<'a>, name: &str) -> Option<&'c Rc<Cte<'a>>> {
    let mut next = ctes.as_ref();
    while let Some(cte) = next {
        if same_name(cte.name, name) {
            return Some(cte);
        }
        next = cte.next.as_ref();
    }
    None
}

impl Resolver<'_> {
    /// The place inside a WITH clause's query: `place` with the clause's definitions added.
    pub(super) fn with_ctes<'a>(&self, with: &'a ast::With, place: &Place<'a>) -> Result<Place<'a>> {
        let ast::With { with_token: _, recursive, cte_tables } = with;
        refuse(*recursive, "WITH RECURSIVE")?;
        let mut inner = Place { whole: false, ..place.clone() };
        let mut before = place.ctes_outside.clone();
        let mut seen: Vec<&str> = Vec::new();
        for table in cte_tables {
            let ast::Cte { alias, query, from, materialized, closing_paren_token: _ } = table;
            refuse(from.is_some(), "FROM after a WITH query")?;
            refuse(materialized.is_some(), "MATERIALIZED")?;
            let name = alias.name.value.as_str();
            // Names that differ only in case are no duplicates; the first of them is what both mean.
            if seen.contains(&name) {
                return Err(SparkError::analysis(format!("CTE definition can't have duplicate names: '{name}'."))
                    .at(alias.name.span.start));
            }
            if place.whole && !self.rules.inner_ctes_hide && find(&place.ctes_around, name).is_some() {
                return Err(SparkError::analysis(format!(
                    "Name {name} is ambiguous in nested CTE. Please set spark.sql.legacy.ctePrecedencePolicy to CORRECTED so that \
                     name defined in inner CTE takes precedence."
                ))
                .at(alias.name.span.start));
            }
            let shadowed = seen.iter().any(|other| same_name(other, name));
            seen.push(name);
            if shadowed {
                continue;
            }
            let around = inner.ctes_around.clone();
            let cte = |next: Ctes<'a>| {
                let (before, outside, around) = (before.clone(), place.ctes_outside.clone(), around.clone());
                let (columns, outer) = (&alias.columns[..], place.outer);
                Some(Rc::new(Cte { name, columns, query, next, before, outside, around, outer }))
            };
            inner.ctes = cte(inner.ctes.take());
            inner.ctes_around = cte(inner.ctes_around.take());
            before = cte(before.clone());
        }
        Ok(inner)
    }

    /// The relation that a reference to a WITH query stands for. Each reference resolves the text anew, so that its
    /// attributes are its own.
    pub(super) fn cte(&self, cte: &Cte<'_>) -> Result<Relation> {
        let place = Place {
            ctes: cte.before.clone(),
            ctes_outside: cte.outside.clone(),
            ctes_around: cte.around.clone(),
            outer: cte.outer,
            windows: &[],
            whole: true,
        };
        let relation = self.query(cte.query, &place)?;
        Ok(Relation {
            plan: relation.plan,
            scope: super::from::with_column_aliases(relation.scope, cte.columns)?.requalified(cte.name),
        })
    }
}
