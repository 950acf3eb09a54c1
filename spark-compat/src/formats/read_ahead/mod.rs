//! Reading Parquet ahead: while a row group is computed with, the same columns of the next one are on their way.
//!
//! Whether a scan will come back for the next row group nobody knows: statistics may rule it out, and the query may have
//! enough. So no more than one row group of each scan is read ahead, a scan with a limit reads none, one that was wrong about the
//! next row group waits until the order is right again, and all scans of a session share one budget.

mod budget;
mod reader;

use std::fmt;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{
    FileScanConfig, FileScanConfigBuilder, ParquetFileReaderFactory, ParquetSource,
};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use object_store::ObjectStore;
use parquet::arrow::async_reader::AsyncFileReader;

use budget::Budget;
use reader::Reader;

/// Lets the Parquet scans of a plan read ahead.
pub(crate) struct ReadAhead {
    runtime: Arc<RuntimeEnv>,
    budget: Arc<Budget>,
}

impl ReadAhead {
    /// Scans of one session, which hold no more than `limit` bytes ahead together.
    pub(crate) fn new(runtime: Arc<RuntimeEnv>, limit: usize) -> Self {
        let budget = Budget::new(limit, Arc::clone(&runtime.memory_pool));
        ReadAhead { runtime, budget }
    }

    /// The same scan, reading ahead; nothing if it is no scan that does.
    fn scan(&self, node: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(exec) = node.downcast_ref::<DataSourceExec>() else { return Ok(None) };
        let Some((config, source)) = exec.downcast_to_file_source::<ParquetSource>() else { return Ok(None) };
        let Some(inner) = source.parquet_file_reader_factory().filter(|_| config.limit.is_none()) else {
            return Ok(None);
        };
        let readers = Readers {
            inner: Arc::clone(inner),
            store: self.runtime.object_store(&config.object_store_url)?,
            budget: Arc::clone(&self.budget),
        };
        let source = source.clone().with_parquet_file_reader_factory(Arc::new(readers));
        let config: FileScanConfig = FileScanConfigBuilder::from(config.clone()).with_source(Arc::new(source)).build();
        Ok(Some(Arc::new(exec.clone().with_data_source(Arc::new(config)))))
    }
}

impl PhysicalOptimizerRule for ReadAhead {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            Ok(match self.scan(&node)? {
                Some(scan) => Transformed::yes(scan),
                None => Transformed::no(node),
            })
        })
        .data()
    }

    fn name(&self) -> &str {
        "read_ahead"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Without the runtime, whose stores may hold secrets.
impl fmt::Debug for ReadAhead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReadAhead")
    }
}

/// Makes readers that read ahead.
#[derive(Debug)]
struct Readers {
    inner: Arc<dyn ParquetFileReaderFactory>,
    store: Arc<dyn ObjectStore>,
    budget: Arc<Budget>,
}

impl ParquetFileReaderFactory for Readers {
    fn create_reader(
        &self,
        partition_index: usize,
        file: PartitionedFile,
        metadata_size_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let (object, share) = (file.object_meta.clone(), file.range.clone());
        let inner = self.inner.create_reader(partition_index, file, metadata_size_hint, metrics)?;
        Ok(Box::new(Reader::new(inner, Arc::clone(&self.store), object, share, Arc::clone(&self.budget))))
    }
}

#[cfg(test)]
mod tests;
