//! What a session is made from.

use std::fmt;
use std::sync::Arc;

use datafusion::execution::runtime_env::RuntimeEnv;
use url::Url;

/// The parts that a [`SparkSession`](super::SparkSession) is built from.
#[derive(Clone)]
pub struct SparkSessionOptions {
    /// Memory pool, object stores, caches and encryption factories; one per session keeps tenants apart.
    pub runtime: Arc<RuntimeEnv>,
    /// Where relative paths of `parquet.`path`` and `OPTIONS (path ..)` start. Its object store must be registered
    /// in `runtime`; statements can't name any other store.
    pub storage_base: Url,
    /// The session time zone at the start: a region (`Europe/Berlin`) or an offset (`+01:00`). It is what `RESET` goes back to.
    pub time_zone: String,
    /// Number of partitions that a query runs in, usually the number of cores.
    pub target_partitions: usize,
    /// Rows in a record batch.
    pub batch_size: usize,
    /// The id of an `EncryptionFactory` registered in `runtime`, asked for the keys of every Parquet file that is read.
    pub parquet_decryption_factory: Option<String>,
    /// How many bytes at the end of a Parquet file are read in the hope that they are the whole footer. None where the
    /// object store does that itself: the footer's length is asked for first, then the footer.
    pub parquet_metadata_size_hint: Option<usize>,
    /// How many bytes of Parquet files may be read before they are wanted, by all scans together: while a row group is computed
    /// with, the next one is read. With 0, none is; the memory is reserved by the object store, if by anyone.
    pub read_ahead_bytes: usize,
    /// What is asked before the files of a table are opened; without one, every table may be.
    pub table_rule: Option<Arc<dyn TableRule>>,
}

/// Which tables may be read, by what the statement says of them.
pub trait TableRule: Send + Sync {
    /// Whether the files at `path` (relative to the storage base) may be read as a table of this format; if not, why.
    fn check(&self, format: &str, path: &str) -> Result<(), String>;
}

impl SparkSessionOptions {
    /// Options with UTC as the time zone, a partition for each core, DataFusion's batch size and hint, and no decryption.
    pub fn new(runtime: Arc<RuntimeEnv>, storage_base: Url) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
        Self {
            runtime,
            storage_base,
            time_zone: "UTC".into(),
            target_partitions: cores,
            batch_size: 8192,
            parquet_decryption_factory: None,
            parquet_metadata_size_hint: Some(512 << 10),
            read_ahead_bytes: 0,
            table_rule: None,
        }
    }
}

/// Without the runtime, whose object stores and factories may hold secrets.
impl fmt::Debug for SparkSessionOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SparkSessionOptions")
            .field("time_zone", &self.time_zone)
            .field("target_partitions", &self.target_partitions)
            .field("batch_size", &self.batch_size)
            .finish_non_exhaustive()
    }
}
