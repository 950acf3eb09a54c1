//! Parquet files, plain or encrypted.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::config::TableParquetOptions;
use datafusion::common::{Result as DataFusionResult, Statistics};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::physical_plan::{FileScanConfig, FileSource};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::cache::cache_manager::{CachedFileMetadata, SchemaFingerprint, TableScopedPath};
use datafusion::physical_plan::ExecutionPlan;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::{ObjectMeta, ObjectStore};

use super::columns::Columns;
use super::listing::{self, Found};
use super::table::Contents;
use super::{FileRelation, Storage, schema};
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::resolver::{Table, same_name};

/// Options of Spark's Parquet reader that do not change what is read here.
const IGNORED_OPTIONS: &[&str] = &["compression"];

/// The table of a Parquet file or a folder of such. The columns are those of the first file by path, as Spark takes them
/// when it does not merge schemas, or those that the statement declares.
pub(super) async fn open(storage: Storage<'_>, relation: FileRelation<'_>) -> Result<Table> {
    if let Some((option, _)) =
        relation.options.iter().find(|(name, _)| !IGNORED_OPTIONS.contains(&name.to_lowercase().as_str()))
    {
        return Err(SparkError::unsupported(format!("the option {option} of Parquet files")));
    }
    let found = listing::find(storage, relation).await?;
    let format = ParquetFormat::default().with_options(options(storage));
    let schemas = schemas(storage, &format, &found).await?;
    let columns = match (relation.columns, schemas.first()) {
        (None, Some(first)) => Columns::of_files(schema::columns_of(first)?, &found.partitions)?,
        (None, None) => return Err(schema::unknown("Parquet")),
        (Some(declared), first) => {
            let mut columns = Columns::declared(declared, &found.partitions)?;
            // A declared column is found in files by its name in any case.
            let in_file = |name: &str| first?.fields().iter().find(|field| same_name(field.name(), name));
            columns.rename(|name| in_file(name).map(|field| field.name().clone()));
            columns
        }
    };
    let reads_all = schemas.len() == found.files.data.len();
    let table_schema = schema::table_schema(&columns.of_files, |name| reads_all && never_null(&schemas, name));
    Ok(columns.table_with(found, relation.path, table_schema, Arc::new(ParquetContents(format))))
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

/// The schema of each file, in the order of the files; of a table with partitions that of the first only, since queries leave
/// out partitions and need not touch their files. The footers are read once: plans find them in the runtime's cache.
async fn schemas(storage: Storage<'_>, format: &ParquetFormat, found: &Found) -> Result<Vec<SchemaRef>> {
    let concurrency: usize = storage.state.config_options().execution.meta_fetch_concurrency.into();
    let wanted = if found.partitions.columns.is_empty() { found.all.len() } else { 1 };
    let mut schemas = Vec::with_capacity(found.all.len());
    for object in found.all.iter().take(wanted) {
        schemas.push(format.infer_schema(storage.state, &found.files.store, std::slice::from_ref(object)));
    }
    Ok(stream::iter(schemas).buffered(concurrency).try_collect().await?)
}

/// Whether no file can have a NULL in this column; then DataFusion may use simpler joins and skip checks.
fn never_null(schemas: &[SchemaRef], column: &str) -> bool {
    schemas.iter().all(|schema| schema.field_with_name(column).is_ok_and(|field| !field.is_nullable()))
}

#[derive(Debug)]
struct ParquetContents(ParquetFormat);

#[async_trait]
impl Contents for ParquetContents {
    fn source(&self, schema: TableSchema) -> Arc<dyn FileSource> {
        self.0.file_source(schema)
    }

    async fn plan(&self, state: &dyn Session, scan: FileScanConfig) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        self.0.create_physical_plan(state, scan).await
    }

    /// By the file's footer, which is read once as long as the file stays the same.
    async fn statistics(
        &self,
        state: &dyn Session,
        store: &Arc<dyn ObjectStore>,
        schema: &SchemaRef,
        object: &ObjectMeta,
    ) -> DataFusionResult<Arc<Statistics>> {
        let cache = state.runtime_env().cache_manager.get_file_statistic_cache();
        let key = TableScopedPath { table: None, path: object.location.clone() };
        let fingerprint = Arc::new(SchemaFingerprint::from_schema(schema));
        if let Some(known) = cache.as_ref().and_then(|cache| cache.get(&key))
            && known.is_valid_for(object, &fingerprint)
        {
            return Ok(Arc::clone(&known.statistics));
        }
        let statistics = Arc::new(self.0.infer_stats(state, store, Arc::clone(schema), object).await?);
        if let Some(cache) = cache {
            let known = CachedFileMetadata::new(object.clone(), fingerprint, Arc::clone(&statistics), None);
            cache.put(&key, known);
        }
        Ok(statistics)
    }

    fn check_columns(&self, _columns: &[usize]) -> DataFusionResult<()> {
        Ok(())
    }

    fn in_zone(&self, _zone: Zone) -> Option<Arc<dyn Contents>> {
        None
    }
}
