//! Files as a table of DataFusion: those that were there when the table was named, each with the values of its partition.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{
    ColumnStatistics, DFSchema, Result as DataFusionResult, ScalarValue, Statistics, project_schema,
};
use datafusion::datasource::TableProvider;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig, FileScanConfigBuilder, FileSource};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr};
use datafusion_datasource::compute_all_files_statistics;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::{ObjectMeta, ObjectStore};

use crate::datetime::zone::Zone;

/// A file of a table.
#[derive(Clone, Debug)]
pub(super) struct DataFile {
    /// Where it lies, and its size.
    pub object: ObjectMeta,
    /// The values of the partition columns for all its rows.
    pub partition: Vec<ScalarValue>,
}

/// The files of a table and the store that they lie in.
#[derive(Clone, Debug)]
pub(super) struct Files {
    /// The store's URL.
    pub url: ObjectStoreUrl,
    /// The store.
    pub store: Arc<dyn ObjectStore>,
    /// The files that rows are read from, in the order of their paths.
    pub data: Vec<DataFile>,
}

/// What the files hold, and how it is read.
#[async_trait]
pub(super) trait Contents: fmt::Debug + Send + Sync {
    /// What reads the files as batches of a schema.
    fn source(&self, schema: TableSchema) -> Arc<dyn FileSource>;

    /// The plan of a scan.
    async fn plan(&self, state: &dyn Session, scan: FileScanConfig) -> DataFusionResult<Arc<dyn ExecutionPlan>>;

    /// What is known of a file's rows without reading them; `schema` is without partition columns.
    async fn statistics(
        &self,
        state: &dyn Session,
        store: &Arc<dyn ObjectStore>,
        schema: &SchemaRef,
        object: &ObjectMeta,
    ) -> DataFusionResult<Arc<Statistics>>;

    /// An error if these columns of the files, by their place in the schema, can't be read without others.
    fn check_columns(&self, columns: &[usize]) -> DataFusionResult<()>;

    /// The same with times read in this time zone; `None` if it does not matter.
    fn in_zone(&self, zone: Zone) -> Option<Arc<dyn Contents>>;
}

/// Files that are read as one table: their own columns, behind them those of partitions.
#[derive(Clone, Debug)]
pub(crate) struct FileTable {
    files: Files,
    schema: TableSchema,
    contents: Arc<dyn Contents>,
}

impl FileTable {
    pub(super) fn new(
        files: Files,
        columns: SchemaRef,
        partition_columns: Vec<FieldRef>,
        contents: Arc<dyn Contents>,
    ) -> Self {
        let schema = TableSchema::builder(columns).with_table_partition_cols(partition_columns).build();
        Self { files, schema, contents }
    }

    /// The table with its times read in this time zone.
    pub fn in_zone(&self, zone: Zone) -> Self {
        let contents = self.contents.in_zone(zone).unwrap_or_else(|| Arc::clone(&self.contents));
        Self { contents, ..self.clone() }
    }

    /// The files that have rows for which all `filters` over partition columns may hold.
    fn chosen(&self, state: &dyn Session, filters: &[Expr]) -> DataFusionResult<Vec<DataFile>> {
        let filters: Vec<&Expr> = filters.iter().filter(|filter| self.is_of_partitions(filter)).collect();
        let mut files = self.files.data.clone();
        if filters.is_empty() || files.is_empty() {
            return Ok(files);
        }
        let fields = Schema::new(self.schema.table_partition_cols().clone());
        let columns = (0..fields.fields().len())
            .map(|at| ScalarValue::iter_to_array(files.iter().filter_map(|file| file.partition.get(at).cloned())));
        let values = RecordBatch::try_new(Arc::new(fields.clone()), columns.collect::<DataFusionResult<_>>()?)?;
        let schema = DFSchema::try_from(fields)?;
        let mut kept = vec![true; files.len()];
        for filter in filters {
            let filter = state.create_physical_expr(filter.clone(), &schema)?;
            keep(&mut kept, filter.as_ref(), &values);
        }
        let mut kept = kept.into_iter();
        files.retain(|_| kept.next().unwrap_or(true));
        Ok(files)
    }

    /// Whether a condition is about partition columns alone and always says the same of them.
    fn is_of_partitions(&self, filter: &Expr) -> bool {
        let columns: HashSet<&str> =
            self.schema.table_partition_cols().iter().map(|field| field.name().as_str()).collect();
        let references = filter.column_refs();
        let is_query = |expr: &Expr| {
            Ok(matches!(expr, Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_) | Expr::SetComparison(_)))
        };
        !references.is_empty()
            && references.iter().all(|column| columns.contains(column.name.as_str()))
            && !filter.is_volatile()
            && !filter.exists(is_query).unwrap_or(true)
    }

    /// A file with what is known of its rows.
    async fn described(&self, state: &dyn Session, file: DataFile) -> DataFusionResult<PartitionedFile> {
        let columns = self.schema.file_schema();
        let mut statistics = match state.config().collect_statistics() {
            true => self.contents.statistics(state, &self.files.store, columns, &file.object).await?,
            false => Arc::new(Statistics::new_unknown(columns)),
        };
        if !file.partition.is_empty() {
            let whole = Arc::make_mut(&mut statistics);
            let rows = whole.num_rows;
            whole.column_statistics.extend(file.partition.iter().map(|value| constant(value, rows)));
        }
        // Not by `with_statistics`, which takes for granted that no value of a partition is NULL.
        let mut described = PartitionedFile::new_from_meta(file.object).with_partition_values(file.partition);
        described.statistics = Some(statistics);
        Ok(described)
    }
}

/// Takes the rows away for which a condition does not hold. Where it can't be computed they stay: the condition is evaluated
/// again above the scan, where its error counts if the row does.
fn keep(kept: &mut [bool], filter: &dyn PhysicalExpr, values: &RecordBatch) {
    let evaluated = filter.evaluate(values).and_then(|holds| holds.into_array(values.num_rows()));
    let Some(holds) = evaluated.ok().and_then(|holds| holds.as_boolean_opt().cloned()) else { return };
    for (kept, holds) in kept.iter_mut().zip(&holds) {
        *kept &= holds == Some(true);
    }
}

/// What is known of a column that has one value in all rows.
fn constant(value: &ScalarValue, rows: Precision<usize>) -> ColumnStatistics {
    if value.is_null() {
        return ColumnStatistics { null_count: rows, ..ColumnStatistics::new_unknown() };
    }
    ColumnStatistics {
        null_count: Precision::Exact(0),
        max_value: Precision::Exact(value.clone()),
        min_value: Precision::Exact(value.clone()),
        ..ColumnStatistics::new_unknown()
    }
}

#[async_trait]
impl TableProvider for FileTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.schema.table_schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> DataFusionResult<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let own = self.schema.file_schema().fields().len();
        let columns: Vec<usize> = match projection {
            Some(columns) => columns.iter().copied().filter(|column| *column < own).collect(),
            None => (0..own).collect(),
        };
        self.contents.check_columns(&columns)?;
        let files = self.chosen(state, filters)?;
        if files.is_empty() {
            return Ok(Arc::new(EmptyExec::new(project_schema(&self.schema(), projection)?)));
        }
        let concurrency = state.config_options().execution.meta_fetch_concurrency.get();
        let mut described = Vec::with_capacity(files.len());
        for file in files {
            described.push(self.described(state, file));
        }
        let files: Vec<PartitionedFile> = stream::iter(described).buffered(concurrency).try_collect().await?;
        let groups = FileGroup::new(files).split_files(state.config().target_partitions());
        let collects = state.config().collect_statistics();
        let (groups, statistics) = compute_all_files_statistics(groups, self.schema(), collects, false)?;
        let source = self.contents.source(self.schema.clone());
        let scan = FileScanConfigBuilder::new(self.files.url.clone(), source)
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        self.contents.plan(state, scan).await
    }
}
