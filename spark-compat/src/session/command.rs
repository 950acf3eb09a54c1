//! Statements that change the session: views and settings.

use std::sync::Arc;

use super::Shared;
use super::settings::Change;
use crate::error::{Result, SparkError};
use crate::resolver::TableDefinition;

/// A checked statement that changes the session when it runs.
#[derive(Debug)]
pub(super) struct Command {
    pub session: Arc<Shared>,
    pub effect: Effect,
}

#[derive(Debug)]
pub(super) enum Effect {
    SetView { name: String, or_replace: bool, definition: Arc<TableDefinition> },
    DropView { name: String, if_exists: bool },
    Setting(Change),
}

impl Command {
    pub fn run(self) -> Result<()> {
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
                    return Err(tables.not_found(&name));
                }
            }
            Effect::Setting(change) => self.session.apply(&change),
        }
        Ok(())
    }
}

pub(super) fn already_exists(name: &str) -> SparkError {
    SparkError::analysis(format!(
        "Temporary view '{name}' already exists; use CREATE OR REPLACE TEMPORARY VIEW to replace it"
    ))
}
