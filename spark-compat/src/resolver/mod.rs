//! From the syntax tree to DataFusion's `LogicalPlan`, by the rules of Spark 3.2's analyzer.
//!
//! - Lowering is typed and bottom-up: each expression becomes a [`typed::Typed`] with every cast in it; DataFusion's type
//!   coercion finds nothing left to do.
//! - Columns of plans are [`attribute::Attribute`]s with names of their own (`#17`). What the user may call them stands in
//!   a [`scope::Scope`]; the user's names, duplicates included, are put on only when the result leaves.
//! - Each clause is a function over plans in a file of its own, called in Spark's order of resolution: [`from`] (with
//!   [`joins`]), [`select`] (WHERE, then the SELECT list), [`grouping`] (GROUP BY, aggregates, HAVING), [`order`] (ORDER
//!   BY), then [`query`] (LIMIT), [`set_ops`] and [`ctes`] around them. Window functions and generators go between
//!   grouping and order, lateral views after FROM.
//! - A form that is not supported is an error which names it. To make sure of that, syntax nodes are taken apart without
//!   `..` where a field could change the meaning.

mod attribute;
mod ctes;
mod depth;
mod expr;
mod from;
mod generators;
mod grouping;
mod grouping_keys;
mod grouping_sets;
mod joins;
mod lateral;
mod names;
mod order;
mod pivot;
mod plan;
mod query;
mod relation;
mod rules;
mod sample;
mod scope;
mod select;
mod session_windows;
mod set_ops;
mod similarity;
mod star;
mod subqueries_below;
mod table_functions;
mod tables;
mod time_windows;
mod typed;
mod values;
mod windows;

use sqlparser::ast;

pub(crate) use attribute::{Attribute, AttributeIds};
use ctes::Ctes;
pub(crate) use expr::evaluate_constant;
pub(crate) use names::call_name;
pub(crate) use plan::KEPT_ORDER_FETCH;
pub(crate) use relation::Relation;
pub(crate) use rules::Rules;
pub(crate) use scope::{Scope, same_name};
pub(crate) use similarity::suggestions;
pub(crate) use tables::{Table, TableColumn, TableDefinition, Tables, ViewName, ViewQuery};
pub(crate) use typed::Typed;
pub(crate) use windows::Over;

use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::functions;

/// What expressions depend on besides the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The session time zone.
    pub zone: Zone,
    /// The query's current timestamp, in microseconds since the epoch.
    pub now: i64,
}

/// Resolves one statement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resolver<'s> {
    /// What the names of tables mean.
    tables: &'s Tables,
    /// What the session and the moment of the query say.
    facts: Facts,
    /// How the settings want names and numbers to be taken.
    rules: Rules,
    /// The session time zone as the setting calls it.
    zone_name: &'s str,
    /// Where new attributes come from.
    ids: &'s AttributeIds,
    /// How many views the resolver is inside of.
    view_depth: usize,
}

/// Where in the statement a query stands: what it sees besides its own FROM.
#[derive(Clone, Debug, Default)]
struct Place<'a> {
    /// The WITH queries that can be named.
    ctes: Ctes<'a>,
    /// Those that can be named around the expression that the query is in: what definitions of WITH queries in it may name.
    ctes_outside: Ctes<'a>,
    /// Those of all clauses around, whether or not they can be named.
    ctes_around: Ctes<'a>,
    /// For a subquery expression, the scopes of the query around it, in the order in which names are looked up in them.
    outer: &'a [&'a Scope],
    /// The windows that the SELECT's WINDOW clause names.
    windows: &'a [ast::NamedWindowDefinition],
    /// Whether the query is the whole of a WITH query's definition, or of an expression.
    whole: bool,
}

impl<'s> Resolver<'s> {
    /// A resolver over the given tables.
    pub fn new(tables: &'s Tables, facts: Facts, rules: Rules, zone_name: &'s str, ids: &'s AttributeIds) -> Self {
        Self { tables, facts, rules, zone_name, ids, view_depth: 0 }
    }

    /// Resolves a whole query.
    pub fn resolve(&self, query: &ast::Query) -> Result<Relation> {
        let relation = self.query(query, &Place::default())?;
        functions::input_file::check(&relation.plan)?;
        Ok(relation)
    }
}

/// An error naming `what` if it is there.
fn refuse(present: bool, what: &str) -> Result<()> {
    if present { Err(SparkError::unsupported(what)) } else { Ok(()) }
}

/// The parts of a dotted name.
fn name_parts(name: &ast::ObjectName) -> Result<Vec<String>> {
    name.0
        .iter()
        .map(|part| match part {
            ast::ObjectNamePart::Identifier(ident) => Ok(ident.value.clone()),
            ast::ObjectNamePart::Function(_) => Err(SparkError::unsupported("a function call as part of a name")),
        })
        .collect()
}
