//! Temporary views: what CREATE checks, and which tables a query reaches through them.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{self, visit_relations};

use crate::error::{Result, SparkError};
use crate::formats;
use crate::resolver::{TableColumn, TableDefinition, Tables, ViewName};

/// The tables that a query reaches: itself, and through the views it uses.
#[derive(Debug, Default)]
pub(super) struct Reached {
    /// Names of views, in lower case.
    pub views: BTreeSet<ViewName>,
    /// Format and path of ``format.`path` ``.
    pub files: BTreeSet<(String, String)>,
}

impl Reached {
    /// What `query` reaches over `tables`. WITH queries that have the name of a view are not told apart: more is reached then
    /// than is needed, never less.
    pub fn by(query: &ast::Query, tables: &Tables) -> Self {
        let mut reached = Self::default();
        reached.add(query, tables);
        reached
    }

    fn add(&mut self, query: &ast::Query, tables: &Tables) {
        let mut names: Vec<Vec<String>> = Vec::new();
        let _: ControlFlow<()> = visit_relations(query, |name| {
            let parts = name.0.iter().filter_map(|part| part.as_ident());
            names.push(parts.map(|ident| ident.value.clone()).collect());
            ControlFlow::Continue(())
        });
        for name in names {
            let view = ViewName::of(&name).map(ViewName::lowered);
            if let Some((view, definition)) = view.and_then(|view| tables.view(&view).map(|found| (view, found))) {
                if self.views.insert(view)
                    && let TableDefinition::Query(view) = definition.as_ref()
                {
                    self.add(&view.query, tables);
                }
                continue;
            }
            match &name[..] {
                [format, path] if formats::is_format(format) => {
                    self.files.insert((format.clone(), path.clone()));
                }
                _ => {}
            }
        }
    }
}

/// An error if the view `name` would use itself.
pub(super) fn check_not_recursive(name: &ViewName, query: &ast::Query, tables: &Tables) -> Result<()> {
    if tables.view(name).is_some() && Reached::by(query, tables).views.contains(&name.clone().lowered()) {
        return Err(SparkError::analysis(format!("Recursive view `{name}` detected: it uses itself")));
    }
    Ok(())
}

/// An error if two columns of a view have one name.
pub(super) fn check_distinct(columns: &[TableColumn]) -> Result<()> {
    let mut seen = BTreeSet::new();
    match columns.iter().map(|column| column.name.to_lowercase()).find(|name| !seen.insert(name.clone())) {
        Some(name) => Err(SparkError::analysis(format!("Found duplicate column(s) in the view definition: `{name}`"))),
        None => Ok(()),
    }
}
