//! SHOW, DESCRIBE, USE and EXPLAIN: what the session can say of itself.

use std::sync::Arc;

use datafusion::physical_plan::displayable;
use sqlparser::ast;

use super::command::{Effect, relation_columns};
use super::rows::{self, Row, row};
use super::views::Reached;
use super::{Shared, SparkSession, path_of};
use crate::error::{ErrorKind, Result, SparkError};
use crate::functions::{self, descriptions};
use crate::java_regex::JavaRegex;
use crate::parse::Show;
use crate::resolver::{TableColumn, TableDefinition, Tables, ViewName};

const CATALOG: &str = "spark_catalog";
const DATABASE: &str = "default";

impl SparkSession {
    pub(super) fn show(&self, show: &Show) -> Result<Effect> {
        let tables = self.shared.tables();
        Ok(match show {
            Show::Relations { database, pattern, views } => {
                let globals = is_global(database)?;
                let matches = Pattern::new(pattern.as_deref())?;
                let listed = |global: bool| tables.views().filter(move |view| view.global == global);
                let names = listed(true).filter(|_| globals).chain(listed(false));
                let names = matches.among(names, |view| view.name.as_str())?.into_iter();
                let line = |view: &ViewName| {
                    let database = if view.global { ViewName::DATABASE } else { "" };
                    row([database, &view.name.to_lowercase(), "true"])
                };
                Effect::Rows(relation_columns(if *views { "viewName" } else { "tableName" }), names.map(line).collect())
            }
            Show::RelationsExtended { database, pattern, partition } => {
                let globals = is_global(database)?;
                if *partition {
                    let database = if globals { ViewName::DATABASE } else { DATABASE };
                    return Err(SparkError::analysis(format!(
                        "Table or view '{pattern}' not found in database '{database}'"
                    )));
                }
                let names = tables.views().filter(|view| globals || !view.global);
                if !Pattern::new(Some(pattern))?.among(names, |view| view.name.as_str())?.is_empty() {
                    return Err(SparkError::unsupported(
                        "SHOW TABLE EXTENDED of temporary views, whose text and time of creation it tells",
                    ));
                }
                let mut columns = relation_columns("tableName");
                columns.columns.extend(rows::strings(&["information"]).columns);
                Effect::Rows(columns, Vec::new())
            }
            Show::Databases { pattern } => {
                let listed = Pattern::new(pattern.as_deref())?.fits(DATABASE)?.then(|| row([DATABASE]));
                Effect::Rows(rows::strings(&["namespace"]), listed.into_iter().collect())
            }
            Show::Columns { name } => {
                let columns = columns_of(relation(&tables, name)?).iter().map(|column| row([column.name.as_str()]));
                Effect::Rows(rows::strings(&["col_name"]), columns.collect())
            }
            Show::Functions { pattern, system } => {
                let matches = Pattern::new(pattern.as_deref())?;
                let names = functions::names_of_spark().filter(|_| *system);
                let names = matches.among(names, |name| name)?.into_iter();
                Effect::Rows(rows::strings(&["function"]), names.map(|name| row([name])).collect())
            }
            Show::TableProperties { name } => {
                relation(&tables, name)?;
                Effect::Rows(rows::strings(&["key", "value"]), Vec::new())
            }
            Show::CreateTable { name } => {
                relation(&tables, name)?;
                return Err(SparkError::analysis(format!(
                    "{} is a temp view. 'SHOW CREATE TABLE' expects a table or permanent view.",
                    name.join(".")
                )));
            }
            Show::CurrentNamespace => {
                Effect::Rows(rows::strings(&["catalog", "namespace"]), vec![row([CATALOG, DATABASE])])
            }
        })
    }

    /// `DESCRIBE relation`: its columns with their types and comments.
    pub(super) fn describe_relation(&self, name: &[String], extended: bool, column: Option<&str>) -> Result<Effect> {
        let tables = self.shared.tables();
        let definition = relation(&tables, name)?;
        let Some(column) = column else {
            let lines = columns_of(definition).iter().enumerate();
            let lines = lines.map(|(at, column)| line(column, comment(definition, at))).collect();
            return Ok(Effect::Rows(rows::strings(&["col_name", "data_type", "comment"]), lines));
        };
        let found =
            columns_of(definition).iter().enumerate().find(|(_, known)| known.name.eq_ignore_ascii_case(column));
        let (at, found) = found.ok_or_else(|| SparkError::analysis(format!("Column {column} does not exist")))?;
        let comment = comment(definition, at).unwrap_or_else(|| "NULL".into());
        let mut lines = vec![
            // Under the name that the statement gives it.
            row(["col_name", column]),
            row(["data_type", &found.data_type.catalog_string()]),
            row(["comment", &comment]),
        ];
        if extended {
            let unknown = ["min", "max", "num_nulls", "distinct_count", "avg_col_len", "max_col_len", "histogram"];
            lines.extend(unknown.map(|name| row([name, "NULL"])));
        }
        Ok(Effect::Rows(rows::strings(&["info_name", "info_value"]), lines))
    }

    /// `DESCRIBE QUERY`: the columns of the result.
    pub(super) async fn describe_query(&self, query: &ast::Query) -> Result<Effect> {
        let tables = self.shared.tables();
        let commented = |view: &ViewName| match tables.view(view).map(AsRef::as_ref) {
            Some(TableDefinition::Query(view)) => view.comments.iter().any(Option::is_some),
            _ => false,
        };
        if Reached::by(query, &tables).views.iter().any(commented) {
            return Err(SparkError::unsupported("DESCRIBE QUERY over views whose columns have comments"));
        }
        let prepared = self.query(query).await?;
        let line = |column: &super::SparkColumn| {
            vec![Some(column.name.clone()), Some(column.data_type.catalog_string()), None]
        };
        let lines = prepared.schema().columns.iter().map(line).collect();
        Ok(Effect::Rows(rows::strings(&["col_name", "data_type", "comment"]), lines))
    }

    /// `EXPLAIN`: the plan that DataFusion runs.
    pub(super) async fn explain(&self, query: &ast::Query, logical: bool) -> Result<Effect> {
        let prepared = self.query(query).await?;
        let mut text = String::new();
        if let (true, Some(plan)) = (logical, prepared.logical_plan()) {
            text.push_str(&format!("== Analyzed Logical Plan ==\n{}\n\n", plan.display_indent()));
        }
        if let Some(plan) = prepared.physical_plan().await? {
            text.push_str(&format!("== Physical Plan ==\n{}\n", displayable(plan.as_ref()).indent(false)));
        }
        Ok(Effect::Rows(rows::strings(&["plan"]), vec![row([text])]))
    }

    /// `DESCRIBE FUNCTION`
    pub(super) fn describe_function(name: &str, extended: bool) -> Result<Effect> {
        let texts = descriptions::description(name, extended)?;
        let texts = texts.unwrap_or_else(|| vec![format!("Function: {name} not found.")]);
        Ok(Effect::Rows(rows::strings(&["function_desc"]), texts.into_iter().map(|text| row([text])).collect()))
    }
}

impl Shared {
    /// Whether a relation of this name is there; its error if not.
    pub(super) fn check_relation(&self, name: &[String]) -> Result<()> {
        relation(&self.tables(), name).map(|_| ())
    }
}

/// `USE`: only the one database that is there can be used.
pub(super) fn use_namespace(name: &[String]) -> Result<Effect> {
    let parts: Vec<String> = name.iter().map(|part| part.to_lowercase()).collect();
    match parts.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [DATABASE | CATALOG] | [CATALOG, DATABASE] => Ok(Effect::Nothing),
        [ViewName::DATABASE] => Err(SparkError::analysis(format!(
            "{0} is a system preserved database, you cannot use it as current database. To access global temporary views, you \
             should use qualified name with the GLOBAL_TEMP_DATABASE, e.g. SELECT * FROM {0}.viewName.",
            ViewName::DATABASE
        ))),
        [_] => Err(no_database(&path_of(name))),
        _ => Err(SparkError::analysis(format!("Namespace '{}' not found", path_of(name)))),
    }
}

/// Whether the database of SHOW TABLES is that of global temporary views.
fn is_global(database: &[String]) -> Result<bool> {
    let parts = match database {
        [catalog, rest @ ..] if catalog.eq_ignore_ascii_case(CATALOG) && !rest.is_empty() => rest,
        all => all,
    };
    match parts {
        [] => Ok(false),
        [name] if name.eq_ignore_ascii_case(DATABASE) => Ok(false),
        [name] if name.eq_ignore_ascii_case(ViewName::DATABASE) => Ok(true),
        _ => Err(no_database(&path_of(database))),
    }
}

fn no_database(name: &str) -> SparkError {
    SparkError::analysis(format!("Database '{name}' not found"))
}

fn relation<'t>(tables: &'t Tables, name: &[String]) -> Result<&'t TableDefinition> {
    let found = ViewName::of(name).and_then(|view| tables.view(&view));
    found.map(AsRef::as_ref).ok_or_else(|| tables.not_found(&path_of(name)))
}

fn columns_of(definition: &TableDefinition) -> &[TableColumn] {
    match definition {
        TableDefinition::Files(table) => &table.columns,
        TableDefinition::Query(view) => &view.columns,
    }
}

fn comment(definition: &TableDefinition, at: usize) -> Option<String> {
    match definition {
        TableDefinition::Files(_) => None,
        TableDefinition::Query(view) => view.comments.get(at).cloned().flatten(),
    }
}

fn line(column: &TableColumn, comment: Option<String>) -> Row {
    vec![Some(column.name.clone()), Some(column.data_type.catalog_string()), comment]
}

/// Names by `a*|b`, without regard to case (Spark's `StringUtils.filterPattern`): each part is a regular expression in which a
/// star stands for any text. What is no regular expression fits nothing.
struct Pattern {
    alternatives: Vec<Arc<JavaRegex>>,
}

impl Pattern {
    /// # Errors
    ///
    /// A part of the regular expression is not supported.
    fn new(text: Option<&str>) -> Result<Self> {
        let mut alternatives = Vec::new();
        for part in text.unwrap_or("*").trim().split('|') {
            match JavaRegex::compiled(&format!("(?i)^(?:{})$", part.replace('*', ".*"))) {
                Ok(regex) => alternatives.push(regex),
                Err(error) if error.kind == ErrorKind::IllegalArgument => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self { alternatives })
    }

    fn fits(&self, name: &str) -> Result<bool> {
        for regex in &self.alternatives {
            if regex.is_match(name)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The names that fit.
    fn among<T>(&self, items: impl Iterator<Item = T>, name: impl Fn(&T) -> &str) -> Result<Vec<T>> {
        let fitting = items.map(|item| Ok(self.fits(name(&item))?.then_some(item)));
        fitting.filter_map(Result::transpose).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        let fits = |pattern: &str, name: &str| Pattern::new(Some(pattern)).unwrap().fits(name).unwrap();
        assert!(fits("a*c", "ABC") && fits("*", "x") && fits("x|a*", "ab") && fits("*b*b", "abcb"));
        assert!(!fits("a*", "ba") && !fits("a*a", "a") && !fits("", "x"));
        assert!(fits("[a-c]b?", "AB") && !fits("(ab", "ab") && fits("(ab|ab", "ab"));
    }
}
