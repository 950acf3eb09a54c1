//! Columns of files: their Arrow types as types of Spark.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::error::{Result, SparkError};
use crate::resolver::TableColumn;
use crate::types::{SparkType, StructField};

/// The columns of a Parquet file by the Arrow schema that its reader gives, as Spark's `ParquetToSparkSchemaConverter` types them.
pub(super) fn columns_of(schema: &Schema) -> Result<Vec<TableColumn>> {
    let columns = schema.fields().iter().map(|field| {
        let data_type = spark_type(field.data_type()).ok_or_else(|| {
            SparkError::unsupported(format!("the type {} of column {}", field.data_type(), field.name()))
        })?;
        Ok(TableColumn { name: field.name().clone(), data_type, nullable: true })
    });
    columns.collect()
}

/// The schema with which DataFusion reads files that have these columns. The Arrow types are those of the Spark types, so
/// that nothing is cast above the scan; `not_null` columns have no NULLs in any file.
pub(super) fn table_schema(columns: &[TableColumn], not_null: impl Fn(&str) -> bool) -> SchemaRef {
    let fields: Vec<Field> = columns
        .iter()
        .map(|column| Field::new(&column.name, column.data_type.to_arrow(), !not_null(&column.name)))
        .collect();
    Arc::new(Schema::new(fields))
}

/// A column as a field of an Arrow schema.
pub(super) fn field(column: &TableColumn) -> Field {
    Field::new(&column.name, column.data_type.to_arrow(), true)
}

/// Names differ by more than case: a query could not tell the columns apart.
pub(super) fn refuse_duplicates_in(place: &str, columns: &[TableColumn]) -> Result<()> {
    let mut seen = HashSet::new();
    match columns.iter().find(|column| !seen.insert(column.name.to_lowercase())) {
        Some(column) => Err(SparkError::analysis(format!(
            "Found duplicate column(s) in the {place}: `{}`",
            column.name.to_lowercase()
        ))),
        None => Ok(()),
    }
}

/// The error of files that don't tell their columns.
pub(super) fn unknown(format: &str) -> SparkError {
    SparkError::analysis(format!("Unable to infer schema for {format}. It must be specified manually."))
}

fn spark_type(arrow: &DataType) -> Option<SparkType> {
    use DataType as A;
    Some(match arrow {
        A::Boolean => SparkType::Boolean,
        A::Int8 => SparkType::Byte,
        A::Int16 | A::UInt8 => SparkType::Short,
        A::Int32 | A::UInt16 => SparkType::Int,
        A::Int64 | A::UInt32 | A::Duration(_) => SparkType::Long,
        A::UInt64 => SparkType::decimal(20, 0),
        A::Float32 => SparkType::Float,
        A::Float64 => SparkType::Double,
        A::Decimal32(precision, scale) | A::Decimal64(precision, scale) | A::Decimal128(precision, scale) => {
            SparkType::decimal(*precision, u8::try_from(*scale).ok()?)
        }
        A::Utf8 | A::LargeUtf8 | A::Utf8View => SparkType::String,
        A::Binary | A::LargeBinary | A::BinaryView | A::FixedSizeBinary(_) => SparkType::Binary,
        A::Date32 => SparkType::Date,
        // Nanoseconds are those of INT64, which 3.2 does not read; INT96 is read as microseconds.
        A::Timestamp(TimeUnit::Microsecond | TimeUnit::Millisecond | TimeUnit::Second, _) => SparkType::Timestamp,
        A::Dictionary(_, value) => spark_type(value)?,
        A::List(element) | A::LargeList(element) | A::FixedSizeList(element, _) => {
            SparkType::Array { element: Box::new(spark_type(element.data_type())?), contains_null: true }
        }
        A::Struct(fields) => SparkType::Struct(
            fields
                .iter()
                .map(|field| {
                    let data_type = spark_type(field.data_type())?;
                    Some(StructField { name: field.name().clone(), data_type, nullable: true })
                })
                .collect::<Option<_>>()?,
        ),
        A::Map(entries, _) => match entries.data_type() {
            A::Struct(fields) => {
                let [key, value] = &fields[..] else { return None };
                SparkType::Map {
                    key: Box::new(spark_type(key.data_type())?),
                    value: Box::new(spark_type(value.data_type())?),
                    value_contains_null: true,
                }
            }
            _ => return None,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsigned_integers_widen_and_nanoseconds_are_refused() {
        assert_eq!(spark_type(&DataType::UInt32), Some(SparkType::Long));
        assert_eq!(spark_type(&DataType::UInt64), Some(SparkType::decimal(20, 0)));
        assert_eq!(spark_type(&DataType::Timestamp(TimeUnit::Nanosecond, None)), None);
    }

    #[test]
    fn names_that_differ_by_case_only_are_refused() {
        let schema = Schema::new(vec![Field::new("a", DataType::Int32, true), Field::new("A", DataType::Int32, true)]);
        let error = refuse_duplicates_in("data schema", &columns_of(&schema).unwrap()).unwrap_err();
        assert_eq!(error.message, "Found duplicate column(s) in the data schema: `a`");
    }
}
