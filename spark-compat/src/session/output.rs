//! The end of a query: batches as plans hold them become batches as clients get them.
//!
//! Inside plans strings and binaries are views and timestamps are in UTC; results have `Utf8`, `Binary`, and timestamps
//! labelled with the session time zone, under the user's names. This is the only place that converts.

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use arrow::datatypes::SchemaRef;
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt;

/// The stream with its columns converted to `schema`, by position.
pub(super) fn converted(stream: SendableRecordBatchStream, schema: SchemaRef) -> SendableRecordBatchStream {
    let to = std::sync::Arc::clone(&schema);
    let batches = stream.map(move |batch| converted_batch(&batch?, &to));
    Box::pin(RecordBatchStreamAdapter::new(schema, batches))
}

fn converted_batch(batch: &RecordBatch, schema: &SchemaRef) -> DataFusionResult<RecordBatch> {
    let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| {
        if column.data_type() == field.data_type() {
            Ok(ArrayRef::clone(column))
        } else {
            cast(column, field.data_type())
        }
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(SchemaRef::clone(schema), columns, &options)?)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{AsArray, StringViewArray, TimestampMicrosecondArray};
    use arrow::datatypes::{Field, Schema};

    use super::*;
    use crate::session::{SparkColumn, SparkSchema};
    use crate::types::SparkType;

    #[test]
    fn strings_lose_their_views_and_timestamps_get_the_session_zone_without_moving() {
        let text = StringViewArray::from(vec![Some("a string longer than an inlined view"), None]);
        let time = TimestampMicrosecondArray::from(vec![Some(1), None]).with_timezone("UTC");
        let batch =
            RecordBatch::try_from_iter([("#1", Arc::new(text) as ArrayRef), ("#2", Arc::new(time) as ArrayRef)])
                .unwrap();
        let column = |data_type| SparkColumn { name: "a".into(), data_type, nullable: true };
        let schema = SparkSchema { columns: vec![column(SparkType::String), column(SparkType::Timestamp)] };

        let converted = converted_batch(&batch, &schema.to_arrow("America/New_York")).unwrap();
        assert_eq!(converted.schema().fields().iter().map(|f| f.name().as_str()).collect::<Vec<_>>(), ["a", "a"]);
        assert_eq!(converted.column(0).as_string::<i32>().value(0), "a string longer than an inlined view");
        let time = converted.column(1).as_primitive::<arrow::datatypes::TimestampMicrosecondType>();
        assert_eq!((time.value(0), time.timezone()), (1, Some("America/New_York")));
    }

    #[test]
    fn a_batch_without_columns_keeps_its_rows() {
        let options = RecordBatchOptions::new().with_row_count(Some(3));
        let schema = Arc::new(Schema::new(Vec::<Field>::new()));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), vec![], &options).unwrap();
        assert_eq!(converted_batch(&batch, &schema).unwrap().num_rows(), 3);
    }
}
