//! Statements that are not queries, once they are checked: what they change, and what they answer.

use std::sync::Arc;

use super::Shared;
use super::rows::{self, Row};
use super::schema::{SparkColumn, SparkSchema};
use super::settings::Change;
use crate::error::{Result, SparkError};
use crate::resolver::{TableDefinition, ViewName};
use crate::types::SparkType;

/// A checked statement that runs without a plan.
#[derive(Debug)]
pub(super) struct Command {
    pub session: Arc<Shared>,
    pub effect: Effect,
}

#[derive(Debug)]
pub(super) enum Effect {
    SetView {
        name: ViewName,
        or_replace: bool,
        definition: Arc<TableDefinition>,
    },
    DropView {
        name: ViewName,
        if_exists: bool,
    },
    Setting(Change),
    /// The values of settings: of one, or of all that were set.
    Settings(Option<String>),
    /// Rows that were known when the statement was prepared.
    Rows(SparkSchema, Vec<Row>),
    Nothing,
}

impl Effect {
    /// The columns of the answer.
    pub fn schema(&self) -> SparkSchema {
        match self {
            Self::Setting(change) if change.key().is_some() => rows::strings(&["key", "value"]),
            Self::Settings(_) => rows::strings(&["key", "value"]),
            Self::Rows(schema, _) => schema.clone(),
            Self::SetView { .. } | Self::DropView { .. } | Self::Setting(_) | Self::Nothing => SparkSchema::default(),
        }
    }
}

impl Command {
    /// Does what the statement says; gives the rows of its answer.
    pub fn run(self) -> Result<Vec<Row>> {
        match self.effect {
            Effect::SetView { name, or_replace, definition } => {
                let mut tables = self.session.tables_mut();
                if !or_replace && tables.view(&name).is_some() {
                    return Err(already_exists(&name));
                }
                tables.set_view(&name, definition);
            }
            Effect::DropView { name, if_exists } => {
                let mut tables = self.session.tables_mut();
                if !tables.remove_view(&name) && !if_exists {
                    return Err(tables.not_found(&name.to_string()));
                }
            }
            Effect::Setting(change) => {
                self.session.apply(&change)?;
                let Some(key) = change.key() else { return Ok(Vec::new()) };
                return self.session.setting(key);
            }
            Effect::Settings(Some(key)) => return self.session.setting(&key),
            Effect::Settings(None) => {
                let all = self.session.settings().set_values();
                return Ok(all.into_iter().map(|(key, value)| rows::row([key, value])).collect());
            }
            Effect::Rows(_, rows) => return Ok(rows),
            Effect::Nothing => {}
        }
        Ok(Vec::new())
    }
}

impl Shared {
    fn setting(&self, key: &str) -> Result<Vec<Row>> {
        let value = self.settings().value(key)?;
        Ok(vec![rows::row([key.to_string(), value.unwrap_or_else(|| "<undefined>".into())])])
    }
}

pub(super) fn already_exists(name: &ViewName) -> SparkError {
    SparkError::analysis(format!(
        "Temporary view '{}' already exists; use CREATE OR REPLACE TEMPORARY VIEW to replace it",
        name.name
    ))
}

/// The columns of SHOW TABLES and SHOW VIEWS.
pub(super) fn relation_columns(name: &str) -> SparkSchema {
    let mut schema = rows::strings(&["namespace", name]);
    schema.columns.push(SparkColumn { name: "isTemporary".into(), data_type: SparkType::Boolean, nullable: false });
    schema
}
