//! Rows that a statement other than a query answers with: strings, and booleans.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, StringArray};
use arrow::datatypes::{DataType, SchemaRef};

use super::schema::{SparkColumn, SparkSchema};
use crate::error::Result;
use crate::types::SparkType;

/// A row; a boolean is `true` or `false`.
pub(super) type Row = Vec<Option<String>>;

/// Columns of strings.
pub(super) fn strings(names: &[&str]) -> SparkSchema {
    let column = |name: &&str| SparkColumn { name: (*name).to_string(), data_type: SparkType::String, nullable: true };
    SparkSchema { columns: names.iter().map(column).collect() }
}

/// A row without NULLs.
pub(super) fn row<T: Into<String>>(values: impl IntoIterator<Item = T>) -> Row {
    values.into_iter().map(|value| Some(value.into())).collect()
}

/// The rows as a batch.
pub(super) fn batch(schema: SchemaRef, rows: &[Row]) -> Result<RecordBatch> {
    let columns = schema.fields().iter().enumerate().map(|(at, field)| -> ArrayRef {
        let values = rows.iter().map(|row| row.get(at).and_then(|value| value.as_deref()));
        match field.data_type() {
            DataType::Boolean => {
                Arc::new(values.map(|value| value.map(|text| text == "true")).collect::<BooleanArray>())
            }
            _ => Arc::new(values.collect::<StringArray>()),
        }
    });
    let columns = columns.collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    Ok(RecordBatch::try_new_with_options(schema, columns, &options)?)
}
