//! The one place where the engine meets its SQL library.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::runtime_env::RuntimeEnv;
use spark_compat::error::SparkError;
use spark_compat::parse::{Statement, parse_script};

/// What runs the statements of one session. Implemented by [`SparkSql`], and by tests.
#[async_trait]
pub trait Sql: Send + Sync + 'static {
    /// A parsed statement.
    type Statement: Send + Sync;

    /// Splits and parses a text.
    fn parse(&self, sql: &str) -> Result<Vec<Self::Statement>, SparkError>;

    /// Resolves and starts a statement. The stream's schema is the result's, as clients see it.
    async fn execute(&self, statement: &Self::Statement) -> Result<SendableRecordBatchStream, SparkError>;
}

/// Spark SQL over one session's tables and views.
pub struct SparkSql {
    _runtime: Arc<RuntimeEnv>,
}

impl SparkSql {
    /// A session that reads the parent's tables through `runtime`.
    ///
    /// # Errors
    /// When the SQL library can't be set up.
    pub fn new(runtime: Arc<RuntimeEnv>, _target_partitions: usize, _batch_size: usize) -> Result<Self, SparkError> {
        Ok(SparkSql { _runtime: runtime })
    }
}

#[async_trait]
impl Sql for SparkSql {
    type Statement = Statement;

    fn parse(&self, sql: &str) -> Result<Vec<Statement>, SparkError> {
        parse_script(sql)
    }

    async fn execute(&self, _statement: &Statement) -> Result<SendableRecordBatchStream, SparkError> {
        Err(SparkError::unsupported("running statements"))
    }
}
