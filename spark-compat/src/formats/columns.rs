//! The columns of a table: those of its files, and those that folders are named after.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;

use super::listing::Found;
use super::partitions::Partitions;
use super::schema::{refuse_duplicates_in, table_schema};
use super::table::{Contents, FileTable};
use crate::error::Result;
use crate::resolver::{Table, TableColumn, same_name};
use crate::types::StructField;

/// The columns of a table.
#[derive(Debug)]
pub(super) struct Columns {
    /// Those that the files have, those that a partition gives another value among them.
    pub data: Vec<TableColumn>,
    /// Those whose values are read from the files.
    pub of_files: Vec<TableColumn>,
    /// All, in the order of the table.
    all: Vec<TableColumn>,
}

impl Columns {
    /// The columns of files that have the columns `data`. A partition column of the same name takes the place of one.
    pub fn of_files(data: Vec<TableColumn>, partitions: &Partitions) -> Result<Self> {
        refuse_duplicates_in("data schema", &data)?;
        let partition = |name: &str| partitions.columns.iter().find(|column| same_name(&column.name, name));
        let is_in_files = |name: &str| data.iter().any(|column| same_name(&column.name, name));
        let own = data.iter().map(|column| partition(&column.name).unwrap_or(column).clone());
        let behind = partitions.columns.iter().filter(|column| !is_in_files(&column.name)).cloned();
        let all = own.chain(behind).collect();
        let of_files = data.iter().filter(|column| partition(&column.name).is_none()).cloned().collect();
        Ok(Self { data, of_files, all })
    }

    /// The columns that a statement declares; those of partitions come last wherever they stand.
    pub fn declared(declared: &[StructField], partitions: &Partitions) -> Result<Self> {
        let is_partition =
            |field: &&StructField| partitions.columns.iter().any(|column| same_name(&column.name, &field.name));
        let own = declared.iter().filter(|field| !is_partition(field)).map(|field| TableColumn {
            name: field.name.clone(),
            data_type: field.data_type.clone(),
            nullable: true,
        });
        Self::of_files(own.collect(), partitions)
    }

    /// Gives the files' own columns the names that they have there, where `named` knows them.
    pub fn rename(&mut self, named: impl Fn(&str) -> Option<String>) {
        let Self { of_files, all, .. } = self;
        for name in of_files.iter_mut().map(|column| &mut column.name) {
            let Some(new) = named(name) else { continue };
            if let Some(column) = all.iter_mut().find(|column| column.name == *name) {
                column.name.clone_from(&new);
            }
            *name = new;
        }
    }

    /// The table of these columns, called `name` in plans.
    pub fn table(self, found: Found, name: &str, contents: Arc<dyn Contents>) -> Table {
        let schema = table_schema(&self.of_files, |_| false);
        self.table_with(found, name, schema, contents)
    }

    /// As [`table`](Self::table), with the schema that the files' own columns have.
    pub fn table_with(self, found: Found, name: &str, schema: SchemaRef, contents: Arc<dyn Contents>) -> Table {
        let files = FileTable::new(found.files, schema, found.partitions.fields(), contents);
        Table { files: Arc::new(files), name: name.to_string(), columns: self.all }
    }
}
