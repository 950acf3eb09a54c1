//! Parquet files, plain or encrypted.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::config::TableParquetOptions;
use datafusion::common::{Column, TableReference};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::logical_plan::TableScanBuilder;
use datafusion::logical_expr::{Expr, LogicalPlan};
use futures::{StreamExt, TryStreamExt, stream};

use super::listing::{self, Files};
use super::{FileRelation, Storage, schema};
use crate::error::{Result, SparkError};
use crate::resolver::{Table, TableColumn, same_name};

/// Options of Spark's Parquet reader that do not change what is read here.
const IGNORED_OPTIONS: &[&str] = &["compression"];

/// The table of a Parquet file or a directory of such. The columns are those of the first file by path, as Spark takes them
/// when it does not merge schemas, or those that the statement declares.
pub(super) async fn open(storage: Storage<'_>, relation: FileRelation<'_>) -> Result<Table> {
    if let Some((option, _)) =
        relation.options.iter().find(|(name, _)| !IGNORED_OPTIONS.contains(&name.to_lowercase().as_str()))
    {
        return Err(SparkError::unsupported(format!("the option {option} of Parquet files")));
    }
    let files = listing::find(storage, relation.path).await?;
    let format = Arc::new(ParquetFormat::default().with_options(options(storage)));
    let schemas = schemas(storage, format.as_ref(), &files).await?;
    let first = schemas.first().ok_or_else(|| SparkError::internal("a table without files"))?;
    let columns = match relation.columns {
        None => schema::columns_of(first)?,
        Some(declared) => declared
            .iter()
            .map(|field| {
                // A declared column is found in files by its name in any case.
                let in_file = first.fields().iter().find(|f| same_name(f.name(), &field.name));
                let name = in_file.map_or(&field.name, |f| f.name());
                TableColumn { name: name.clone(), data_type: field.data_type.clone(), nullable: true }
            })
            .collect(),
    };
    let table_schema = schema::table_schema(&columns, |name| never_null(&schemas, name));

    // The listing has chosen the files already; their names may end in anything.
    let listing = ListingOptions::new(format).with_file_extension("");
    let config =
        ListingTableConfig::new_with_multi_paths(files.urls).with_listing_options(listing).with_schema(table_schema);
    let cache = storage.state.runtime_env().cache_manager.get_file_statistic_cache();
    let table = ListingTable::try_new(config)?.with_cache(cache);
    let name = TableReference::bare(relation.path);
    let scan = TableScanBuilder::new(name.clone(), provider_as_source(Arc::new(table))).build()?;
    let definitions = columns.iter().map(|c| Expr::Column(Column::new(Some(name.clone()), c.name.clone()))).collect();
    Ok(Table { rows: LogicalPlan::TableScan(scan), columns, definitions })
}

/// Reading options. Keys are never among them: only the id of the factory that knows them.
fn options(storage: Storage<'_>) -> TableParquetOptions {
    let mut global = storage.state.config_options().execution.parquet.clone();
    // Spark's timestamps, and those of INT96, are microseconds since the epoch.
    global.coerce_int96 = Some("us".into());
    global.coerce_int96_tz = Some("UTC".into());
    let mut options = TableParquetOptions { global, ..TableParquetOptions::default() };
    options.crypto.factory_id = storage.decryption_factory.map(str::to_string);
    options
}

/// The schema of each file, in the order of the files. The footers are read once: plans find them in the runtime's cache.
async fn schemas(storage: Storage<'_>, format: &ParquetFormat, files: &Files) -> Result<Vec<SchemaRef>> {
    let concurrency: usize = storage.state.config_options().execution.meta_fetch_concurrency.into();
    let mut schemas = Vec::with_capacity(files.objects.len());
    for object in &files.objects {
        schemas.push(format.infer_schema(storage.state, &files.store, std::slice::from_ref(object)));
    }
    Ok(stream::iter(schemas).buffered(concurrency).try_collect().await?)
}

/// Whether no file can have a NULL in this column; then DataFusion may use simpler joins and skip checks.
fn never_null(schemas: &[SchemaRef], column: &str) -> bool {
    schemas.iter().all(|schema| schema.field_with_name(column).is_ok_and(|field| !field.is_nullable()))
}
