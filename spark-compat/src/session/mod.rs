//! A Spark session: settings and temporary views that live together, and the way from a statement to its result.

mod command;
mod describe;
mod interrupt;
mod options;
mod output;
mod prepared;
mod row_order;
mod rows;
mod schema;
mod settings;
mod state;
mod variables;
mod views;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

use arrow::array::RecordBatch;
use datafusion::execution::SessionState;
use futures::TryStreamExt;
use sqlparser::ast;

pub use interrupt::Interrupt;
pub use options::{SparkSessionOptions, TableRule};
pub use prepared::Prepared;
pub use schema::{SparkColumn, SparkSchema, TIME_ZONE_METADATA_KEY, TYPE_METADATA_KEY};

use command::{Command, Effect, already_exists};
use prepared::{Action, PlannedQuery};
use settings::{Change, Settings};
use views::Reached;

use crate::error::{Result, SparkError};
use crate::formats::{self, FileRelation, Storage};
use crate::parse::{NamedColumn, Statement, ViewSource, parse_script_with, split_script};
use crate::resolver::{
    AttributeIds, Facts, Relation, Resolver, Table, TableColumn, TableDefinition, Tables, ViewName, ViewQuery,
};

/// One client's session. Clones share the settings and the views.
#[derive(Clone, Debug)]
pub struct SparkSession {
    shared: Arc<Shared>,
}

/// What the clones of a session, and its prepared statements, share.
struct Shared {
    options: SparkSessionOptions,
    state: SessionState,
    initial: Settings,
    settings: RwLock<Settings>,
    tables: RwLock<Tables>,
}

impl SparkSession {
    /// A session with Spark's default settings and without views.
    ///
    /// # Errors
    ///
    /// A time zone that is neither a region nor an offset, or a batch size of 0.
    pub fn new(options: SparkSessionOptions) -> Result<Self> {
        let initial = Settings::new(&options.time_zone)?;
        let state = state::session_state(&options)?;
        let settings = RwLock::new(initial.clone());
        let tables = RwLock::new(Tables::default());
        Ok(Self { shared: Arc::new(Shared { options, state, initial, settings, tables }) })
    }

    /// Resolves a statement. What it names must exist and fit; nothing runs yet, and a statement such as CREATE VIEW has no
    /// effect until [`Prepared::execute`].
    pub async fn prepare(&self, statement: &Statement) -> Result<Prepared> {
        let effect = match statement {
            Statement::Query(query) => return self.query(query).await,
            Statement::CreateTempView { name, or_replace, global, source } => {
                let name = ViewName { global: *global, name: name.clone() };
                self.create_view(name, *or_replace, source).await?
            }
            Statement::DropView { name, if_exists } => self.drop_view(name, *if_exists)?,
            Statement::Touch { name, if_exists } => {
                if !if_exists {
                    self.shared.check_relation(name)?;
                }
                Effect::Nothing
            }
            Statement::Nothing => Effect::Nothing,
            Statement::Use { name } => describe::use_namespace(name)?,
            Statement::SetConfig { key, value } => Effect::Setting(Change::set(key, value)?),
            Statement::ResetConfig { key } => Effect::Setting(Change::reset(key.as_deref())),
            Statement::SetTimeZone { zone: Some(zone) } => Effect::Setting(Change::time_zone(zone)?),
            Statement::SetTimeZone { zone: None } => {
                Effect::Setting(Change::time_zone(&self.shared.initial.time_zone)?)
            }
            Statement::ShowConfig { key } => {
                if let Some(key) = key {
                    self.shared.settings().value(key)?;
                }
                Effect::Settings(key.clone())
            }
            Statement::Show(show) => self.show(show)?,
            Statement::DescribeRelation { name, extended, column } => {
                self.describe_relation(name, *extended, column.as_deref())?
            }
            Statement::DescribeQuery(query) => self.describe_query(query).await?,
            Statement::DescribeFunction { name, extended } => Self::describe_function(name, *extended)?,
            Statement::Explain { logical, query } => self.explain(query, *logical).await?,
        };
        Ok(Prepared {
            schema: effect.schema(),
            time_zone: self.shared.settings().time_zone_label(),
            action: Action::Command(Command { session: Arc::clone(&self.shared), effect }),
        })
    }

    /// Splits and parses a text, in which `${name}` stands for the value of a setting as it is now and backslashes are what the
    /// settings say now.
    pub fn parse(&self, sql: &str) -> Result<Vec<Statement>> {
        let settings = self.shared.settings();
        let statements = parse_script_with(&variables::substitute(sql, &settings)?, settings.escapes())?;
        Ok(match settings.takes_quoted_names_for_regexes() {
            true => statements.into_iter().map(Statement::with_regex_columns).collect(),
            false => statements,
        })
    }

    /// Runs the statements of a script in order and collects the result of each.
    pub async fn execute_script(&self, sql: &str) -> Result<Vec<(SparkSchema, Vec<RecordBatch>)>> {
        let mut results = Vec::new();
        // Where variables stand in the text, each statement is read only when those before it have run.
        let parts = if sql.contains("${") { split_script(sql) } else { vec![sql] };
        for part in parts {
            for statement in self.parse(part)? {
                let prepared = self.prepare(&statement).await?;
                let schema = prepared.schema().clone();
                results.push((schema, prepared.execute().await?.try_collect().await?));
            }
        }
        Ok(results)
    }

    /// What the session was made from.
    pub fn options(&self) -> &SparkSessionOptions {
        &self.shared.options
    }

    async fn query(&self, query: &ast::Query) -> Result<Prepared> {
        let settings = self.shared.settings();
        let tables = self.tables_for(query).await?;
        let ids = AttributeIds::default();
        let relation = resolve(query, &tables, &settings, &ids)?.into_exact(&ids)?;
        let mut state = self.shared.state.clone();
        state.mark_start_execution();
        Ok(Prepared {
            schema: SparkSchema { columns: columns(&relation).map(SparkColumn::from).collect() },
            time_zone: settings.time_zone_label(),
            action: Action::Query(Box::new(PlannedQuery { plan: relation.plan, state })),
        })
    }

    /// The session's views, with the files that the query names opened.
    async fn tables_for(&self, query: &ast::Query) -> Result<Tables> {
        let mut tables = self.shared.tables();
        for (format, path) in Reached::by(query, &tables).files {
            let relation = FileRelation { format: &format, path: &path, options: &[], columns: None };
            let table = self.open(relation).await?;
            tables.set_file(&format, &path, table);
        }
        Ok(tables)
    }

    async fn open(&self, relation: FileRelation<'_>) -> Result<Table> {
        if let Some(rule) = &self.shared.options.table_rule {
            rule.check(relation.format, relation.path).map_err(SparkError::storage)?;
        }
        let storage = Storage {
            state: &self.shared.state,
            base: &self.shared.options.storage_base,
            decryption_factory: self.shared.options.parquet_decryption_factory.as_deref(),
            partitions: self.shared.settings().partition_rules(),
        };
        formats::open(storage, relation).await
    }

    async fn create_view(&self, name: ViewName, or_replace: bool, source: &ViewSource) -> Result<Effect> {
        if !or_replace && self.shared.tables().view(&name).is_some() {
            return Err(already_exists(&name));
        }
        let definition = match source {
            ViewSource::Query { query, columns } => self.query_view(&name, query, columns).await?,
            ViewSource::File { format, options, columns } => {
                let (path, options) = path_option(options)?;
                let relation = FileRelation { format, path, options: &options, columns: columns.as_deref() };
                TableDefinition::Files(self.open(relation).await?)
            }
        };
        Ok(Effect::SetView { name, or_replace, definition: Arc::new(definition) })
    }

    async fn query_view(&self, name: &ViewName, query: &ast::Query, names: &[NamedColumn]) -> Result<TableDefinition> {
        let settings = self.shared.settings();
        let tables = self.tables_for(query).await?;
        views::check_not_recursive(name, query, &tables)?;
        let relation = resolve(query, &tables, &settings, &AttributeIds::default())?;
        let of_query: Vec<TableColumn> = columns(&relation).collect();
        if !names.is_empty() && names.len() != of_query.len() {
            return Err(SparkError::analysis(format!(
                "The number of columns produced by the SELECT clause (num: `{}`) does not match the number of column names \
                 specified by CREATE VIEW (num: `{}`).",
                of_query.len(),
                names.len()
            )));
        }
        let query_names = of_query.iter().map(|column| column.name.clone()).collect();
        let mut columns = of_query;
        for (column, named) in columns.iter_mut().zip(names) {
            column.name.clone_from(&named.name);
        }
        views::check_distinct(&columns)?;
        let comments = names.iter().map(|named| named.comment.clone()).collect();
        let query = Box::new(query.clone());
        let (zone, rules) = (settings.zone, settings.rules());
        Ok(TableDefinition::Query(ViewQuery { query, zone, rules, columns, comments, query_names }))
    }

    fn drop_view(&self, name: &[String], if_exists: bool) -> Result<Effect> {
        let tables = self.shared.tables();
        let view = ViewName::of(name).filter(|view| tables.view(view).is_some());
        match view {
            Some(name) => Ok(Effect::DropView { name, if_exists }),
            None if if_exists => Ok(Effect::Nothing),
            None => Err(tables.not_found(&path_of(name))),
        }
    }
}

impl Shared {
    fn settings(&self) -> Settings {
        self.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn apply(&self, change: &Change) -> Result<()> {
        self.settings.write().unwrap_or_else(PoisonError::into_inner).apply(change, &self.initial)
    }

    fn tables(&self) -> Tables {
        self.tables.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn tables_mut(&self) -> RwLockWriteGuard<'_, Tables> {
        self.tables.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Without the runtime and the views, which may hold secrets.
impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("options", &self.options).finish_non_exhaustive()
    }
}

fn resolve(query: &ast::Query, tables: &Tables, settings: &Settings, ids: &AttributeIds) -> Result<Relation> {
    let facts = Facts { zone: settings.zone, now: chrono::Utc::now().timestamp_micros() };
    Resolver::new(tables, facts, settings.rules(), &settings.time_zone, ids).resolve(query)
}

fn columns(relation: &Relation) -> impl Iterator<Item = TableColumn> + '_ {
    relation.scope.columns.iter().map(|column| TableColumn {
        name: column.name.clone(),
        data_type: column.attribute.data_type.clone(),
        nullable: column.attribute.nullable,
    })
}

impl From<TableColumn> for SparkColumn {
    fn from(column: TableColumn) -> Self {
        let TableColumn { name, data_type, nullable } = column;
        Self { name, data_type, nullable }
    }
}

/// The option `path` of a view over files, and the other options.
fn path_option(options: &[(String, String)]) -> Result<(&str, Vec<(String, String)>)> {
    let is_path = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("path");
    let path = options.iter().find(is_path).map(|(_, path)| path.as_str());
    let path = path.ok_or_else(|| SparkError::analysis("Unable to infer schema: give OPTIONS (path '..')"))?;
    Ok((path, options.iter().filter(|option| !is_path(option)).cloned().collect()))
}

/// A name as it is shown.
fn path_of(name: &[String]) -> String {
    name.join(".")
}
