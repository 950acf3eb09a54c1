//! A Spark session: settings and temporary views that live together, and the way from a statement to its result.

mod options;
mod prepared;
mod schema;
mod settings;

use std::sync::Arc;

use arrow::array::RecordBatch;
use futures::TryStreamExt;
pub use options::SparkSessionOptions;
pub use prepared::Prepared;
pub use schema::{SparkColumn, SparkSchema, TIME_ZONE_METADATA_KEY, TYPE_METADATA_KEY};

use crate::error::{Result, SparkError};
use crate::parse::{Statement, parse_script};

/// One client's session. Clones share the settings and the views.
#[derive(Clone, Debug)]
pub struct SparkSession {
    options: Arc<SparkSessionOptions>,
}

impl SparkSession {
    /// A session with Spark's default settings and without views.
    ///
    /// # Errors
    ///
    /// A time zone that is neither a region nor an offset.
    pub fn new(options: SparkSessionOptions) -> Result<Self> {
        Ok(Self { options: Arc::new(options) })
    }

    /// Resolves a statement. What it names must exist and fit; nothing runs yet, and a statement such as CREATE VIEW has no
    /// effect until [`Prepared::execute`].
    pub async fn prepare(&self, statement: &Statement) -> Result<Prepared> {
        let what = match statement {
            Statement::Query(_) => "queries",
            _ => "statements other than queries",
        };
        Err(SparkError::unsupported(what))
    }

    /// Runs the statements of a script in order and collects the result of each.
    pub async fn execute_script(&self, sql: &str) -> Result<Vec<(SparkSchema, Vec<RecordBatch>)>> {
        let mut results = Vec::new();
        for statement in parse_script(sql)? {
            let prepared = self.prepare(&statement).await?;
            let schema = prepared.schema().clone();
            results.push((schema, prepared.execute().await?.try_collect().await?));
        }
        Ok(results)
    }

    /// What the session was made from.
    pub fn options(&self) -> &SparkSessionOptions {
        &self.options
    }
}
