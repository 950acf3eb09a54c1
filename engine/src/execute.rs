//! The one place where the engine meets its SQL library.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::execution::SendableRecordBatchStream;
use spark_compat::error::SparkError;
use spark_compat::parse::Statement;
pub use spark_compat::session::Interrupt;
use spark_compat::session::{SparkSession, SparkSessionOptions};
use url::Url;

use crate::environment::Environment;
use crate::storage::STORAGE_URL;

/// Bytes of row groups that a session reads ahead of its computations.
const READ_AHEAD_BYTES: usize = 64 << 20;

/// What runs the statements of one session. Implemented by [`SparkSql`], and by tests.
#[async_trait]
pub trait Sql: Send + Sync + 'static {
    /// A parsed statement.
    type Statement: Send + Sync;

    /// Splits and parses a text.
    fn parse(&self, sql: &str) -> Result<Vec<Self::Statement>, SparkError>;

    /// Resolves and starts a statement, which `interrupt` stops even while a thread is busy with it. The
    /// stream's schema is the result's, as clients see it.
    async fn execute(
        &self,
        statement: &Self::Statement,
        interrupt: &Interrupt,
    ) -> Result<SendableRecordBatchStream, SparkError>;
}

/// Spark SQL over one session's tables and views.
pub struct SparkSql(SparkSession);

impl SparkSql {
    /// A session that reads the parent's tables through `environment`.
    ///
    /// # Errors
    /// When the SQL library can't be set up.
    pub fn new(environment: &Environment, target_partitions: usize, batch_size: usize) -> Result<Self, SparkError> {
        let storage_base = Url::parse(STORAGE_URL).map_err(|error| SparkError::internal(error.to_string()))?;
        Ok(SparkSql(SparkSession::new(SparkSessionOptions {
            runtime: Arc::clone(&environment.runtime),
            storage_base,
            time_zone: "UTC".to_owned(),
            target_partitions,
            batch_size,
            // The store opens encrypted files, and reads ends of files ahead.
            parquet_decryption_factory: None,
            parquet_metadata_size_hint: None,
            read_ahead_bytes: READ_AHEAD_BYTES,
            table_rule: Some(Arc::clone(&environment.datasets) as _),
        })?))
    }
}

#[async_trait]
impl Sql for SparkSql {
    type Statement = Statement;

    fn parse(&self, sql: &str) -> Result<Vec<Statement>, SparkError> {
        self.0.parse(sql)
    }

    async fn execute(
        &self,
        statement: &Statement,
        interrupt: &Interrupt,
    ) -> Result<SendableRecordBatchStream, SparkError> {
        self.0.prepare(statement).await?.execute_until(interrupt).await
    }
}
