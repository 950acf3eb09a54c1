//! What the names in FROM mean: temporary views, and files that the statement names itself.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use datafusion::common::{Column, TableReference};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::logical_plan::TableScanBuilder;
use datafusion::logical_expr::{Expr, LogicalPlan};
use sqlparser::ast;

use super::Rules;
use super::similarity::suggestions;
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::formats::FileTable;
use crate::types::SparkType;

/// A column of a table or view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableColumn {
    /// The column's name.
    pub name: String,
    /// The column's type.
    pub data_type: SparkType,
    /// Whether Spark takes the column for nullable (columns of files always are).
    pub nullable: bool,
}

/// Files that are read as one table.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// The files.
    pub files: Arc<FileTable>,
    /// What the table is called in plans.
    pub name: String,
    /// The columns, each one of the files or of their partitions.
    pub columns: Vec<TableColumn>,
}

impl Table {
    /// The plan that reads the files, with times in this time zone.
    pub fn scan(&self, zone: Zone) -> Result<LogicalPlan> {
        let provider = provider_as_source(Arc::new(self.files.in_zone(zone)));
        let scan = TableScanBuilder::new(TableReference::bare(self.name.as_str()), provider).build()?;
        Ok(LogicalPlan::TableScan(scan))
    }

    /// What a column is over the plan that reads the files.
    pub fn definition(&self, column: &TableColumn) -> Expr {
        Expr::Column(Column::new(Some(TableReference::bare(self.name.as_str())), column.name.clone()))
    }
}

/// A view that stands for a query. Each use resolves the text again, in the settings that held when the view was made.
#[derive(Clone, Debug)]
pub(crate) struct ViewQuery {
    /// The query.
    pub query: Box<ast::Query>,
    /// The session time zone when the view was made.
    pub zone: Zone,
    /// How the settings of that time want names and numbers to be taken.
    pub rules: Rules,
    /// The columns that the view showed when it was made, under the names that `CREATE VIEW v (a, b)` gave.
    pub columns: Vec<TableColumn>,
    /// What CREATE VIEW says of the columns; empty if it did not name them.
    pub comments: Vec<Option<String>>,
    /// The names that the query gave to those columns then.
    pub query_names: Vec<String>,
}

/// What the name of a temporary view stands for.
#[derive(Clone, Debug)]
pub(crate) enum TableDefinition {
    /// `CREATE TEMPORARY VIEW v USING format ..`
    Files(Table),
    /// `CREATE TEMPORARY VIEW v AS query`
    Query(ViewQuery),
}

/// The name of a temporary view; lookup ignores case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ViewName {
    /// Whether the view is one of the database [`ViewName::DATABASE`].
    pub global: bool,
    /// The name without the database.
    pub name: String,
}

impl ViewName {
    /// The database of global temporary views.
    pub const DATABASE: &'static str = "global_temp";

    /// The view that a dotted name may mean.
    pub fn of(parts: &[String]) -> Option<Self> {
        match parts {
            [name] => Some(Self { global: false, name: name.clone() }),
            [database, name] if database.eq_ignore_ascii_case(Self::DATABASE) => {
                Some(Self { global: true, name: name.clone() })
            }
            _ => None,
        }
    }

    /// The name in lower case.
    pub fn lowered(self) -> Self {
        Self { name: self.name.to_lowercase(), ..self }
    }
}

impl fmt::Display for ViewName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.global {
            write!(f, "{}.", Self::DATABASE)?;
        }
        f.write_str(&self.name)
    }
}

/// The tables that a statement can name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    /// By their names in lower case.
    views: BTreeMap<ViewName, (ViewName, Arc<TableDefinition>)>,
    files: HashMap<(String, String), Table>,
}

impl Tables {
    /// The view called `name`, without regard to case.
    pub fn view(&self, name: &ViewName) -> Option<&Arc<TableDefinition>> {
        self.views.get(&name.clone().lowered()).map(|(_, definition)| definition)
    }

    /// The names of all views as they were given, in order.
    pub fn views(&self) -> impl Iterator<Item = &ViewName> {
        self.views.values().map(|(name, _)| name)
    }

    /// Makes `name` stand for `definition`.
    pub fn set_view(&mut self, name: &ViewName, definition: Arc<TableDefinition>) {
        self.views.insert(name.clone().lowered(), (name.clone(), definition));
    }

    /// Forgets a view; says whether there was one.
    pub fn remove_view(&mut self, name: &ViewName) -> bool {
        self.views.remove(&name.clone().lowered()).is_some()
    }

    /// The files that ``format.`path` `` names in this statement.
    pub fn file(&self, format: &str, path: &str) -> Option<&Table> {
        self.files.get(&(format.to_lowercase(), path.to_string()))
    }

    /// Makes ``format.`path` `` known.
    pub fn set_file(&mut self, format: &str, path: &str, table: Table) {
        self.files.insert((format.to_lowercase(), path.to_string()), table);
    }

    /// The error for a name that means nothing, with names that are near it.
    pub fn not_found(&self, name: &str) -> SparkError {
        let near = suggestions(name, self.views().map(|view| view.name.as_str()));
        let mut message = format!("Table or view not found: {name}");
        if !near.is_empty() {
            let names: Vec<_> = near.iter().map(|n| format!("'{n}'")).collect();
            message.push_str(&format!("; did you mean {}?", names.join(" or ")));
        }
        SparkError::analysis(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_table_is_reported_with_the_nearest_names() {
        let mut tables = Tables::default();
        let view = ViewQuery {
            query: parse("select 1"),
            zone: Zone::UTC,
            rules: Rules::default(),
            columns: vec![],
            comments: vec![],
            query_names: vec![],
        };
        let name = |name: &str| ViewName { global: false, name: name.into() };
        tables.set_view(&name("LineItem"), Arc::new(TableDefinition::Query(view)));
        assert_eq!(
            tables.not_found("lineitems").message,
            "Table or view not found: lineitems; did you mean 'LineItem'?"
        );
        assert_eq!(tables.not_found("weather").message, "Table or view not found: weather");
        assert!(tables.view(&name("LINEITEM")).is_some());
    }

    fn parse(sql: &str) -> Box<ast::Query> {
        match crate::parse::parse_script(sql).unwrap().remove(0) {
            crate::parse::Statement::Query(query) => query,
            other => panic!("not a query: {other:?}"),
        }
    }
}
