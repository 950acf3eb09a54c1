//! Columns as Spark 3.2 reads them from Parquet: which Arrow type each becomes, and what Spark calls it.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use casemate_wire::manifest::ManifestColumn;

/// The zone of every timestamp: Spark's are points in time.
const UTC: &str = "UTC";

/// The schema that is written for rows of `schema`: timestamps in microseconds (INT64, UTC), no unsigned or dictionary
/// types, no views.
///
/// # Errors
/// A type that Spark 3.2 doesn't read, or a name that is empty or stands twice; the text names the column.
pub(super) fn written_schema(schema: &Schema) -> Result<SchemaRef, String> {
    let mut fields: Vec<FieldRef> = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let same = |other: &FieldRef| other.name().eq_ignore_ascii_case(field.name());
        if field.name().is_empty() || fields.iter().any(same) {
            return Err(format!(
                "two columns are called '{}', or one has no name: name each column once",
                field.name()
            ));
        }
        fields.push(written_field(field)?);
    }
    Ok(Arc::new(Schema::new(fields)))
}

fn written_field(field: &Field) -> Result<FieldRef, String> {
    let data_type = written_type(field.data_type()).ok_or_else(|| {
        format!("the column '{}' has the type {}, which Spark 3.2 does not read", field.name(), field.data_type())
    })?;
    Ok(Arc::new(Field::new(field.name(), data_type, field.is_nullable())))
}

fn written_type(data_type: &DataType) -> Option<DataType> {
    Some(match data_type {
        // A column without any value has no type in JSON and CSV; Parquet has no type for it that Spark reads.
        DataType::Null | DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Float32
        | DataType::Float64
        | DataType::Utf8
        | DataType::Binary
        | DataType::Date32 => data_type.clone(),
        DataType::UInt8 => DataType::Int16,
        DataType::UInt16 => DataType::Int32,
        DataType::UInt32 => DataType::Int64,
        DataType::UInt64 => DataType::Decimal128(20, 0),
        DataType::Float16 => DataType::Float32,
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => DataType::Binary,
        DataType::Date64 => DataType::Date32,
        DataType::Timestamp(..) => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale)
            if *precision <= 38 && *scale >= 0 && i16::from(*scale) <= i16::from(*precision) =>
        {
            DataType::Decimal128(*precision, *scale)
        }
        DataType::Dictionary(_, values) => written_type(values)?,
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            DataType::List(nested(item)?)
        }
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(nested).collect::<Option<Fields>>()?),
        DataType::Map(entries, sorted) => DataType::Map(nested(entries)?, *sorted),
        _ => return None,
    })
}

fn nested(field: &FieldRef) -> Option<FieldRef> {
    Some(Arc::new(Field::new(field.name(), written_type(field.data_type())?, field.is_nullable())))
}

/// The rows of `batch` with the columns of `schema`.
///
/// # Errors
/// A value that the column's type doesn't have, such as a timestamp beyond microseconds' range.
pub(super) fn written_batch(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let exact = CastOptions { safe: false, ..CastOptions::default() };
    let columns = batch.columns().iter().zip(schema.fields());
    let columns: Vec<ArrayRef> = columns
        .map(|(column, field)| {
            let same = column.data_type() == field.data_type();
            if same { Ok(Arc::clone(column)) } else { cast_with_options(column, field.data_type(), &exact) }
        })
        .collect::<Result<_, _>>()?;
    RecordBatch::try_new(Arc::clone(schema), columns)
}

/// The columns as a manifest names them.
pub(super) fn manifest_columns(schema: &Schema) -> Vec<ManifestColumn> {
    let column = |field: &FieldRef| ManifestColumn {
        name: field.name().clone(),
        data_type: spark_type(&written_type(field.data_type()).unwrap_or(DataType::Null)),
    };
    schema.fields().iter().map(column).collect()
}

/// Spark's name (`catalogString`) of a type that [`written_type`] gives.
fn spark_type(data_type: &DataType) -> String {
    match data_type {
        DataType::Boolean => "boolean".to_owned(),
        DataType::Int8 => "tinyint".to_owned(),
        DataType::Int16 => "smallint".to_owned(),
        DataType::Int32 => "int".to_owned(),
        DataType::Int64 => "bigint".to_owned(),
        DataType::Float32 => "float".to_owned(),
        DataType::Float64 => "double".to_owned(),
        DataType::Utf8 => "string".to_owned(),
        DataType::Binary => "binary".to_owned(),
        DataType::Date32 => "date".to_owned(),
        DataType::Timestamp(..) => "timestamp".to_owned(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        DataType::List(item) => format!("array<{}>", spark_type(item.data_type())),
        DataType::Struct(fields) => {
            let fields = fields.iter().map(|field| format!("{}:{}", field.name(), spark_type(field.data_type())));
            format!("struct<{}>", fields.collect::<Vec<_>>().join(","))
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => {
                let types: Vec<String> = fields.iter().map(|field| spark_type(field.data_type())).collect();
                format!("map<{}>", types.join(","))
            }
            _ => "unknown".to_owned(),
        },
        _ => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, Int64Array, TimestampNanosecondArray, UInt64Array};
    use arrow::datatypes::{Decimal128Type, TimestampMicrosecondType};

    use super::*;

    fn schema(types: &[DataType]) -> Schema {
        let field = |(index, data_type): (usize, &DataType)| Field::new(format!("c{index}"), data_type.clone(), true);
        Schema::new(types.iter().enumerate().map(field).collect::<Vec<_>>())
    }

    #[test]
    fn types_become_those_that_spark_reads() {
        let list = DataType::LargeList(Arc::new(Field::new("item", DataType::UInt8, true)));
        let of = schema(&[
            DataType::UInt64,
            DataType::Timestamp(TimeUnit::Nanosecond, None),
            DataType::Decimal256(10, 2),
            DataType::Null,
            list,
        ]);
        let written = written_schema(&of).unwrap();
        let names: Vec<_> = manifest_columns(&written).into_iter().map(|column| column.data_type).collect();
        assert_eq!(names, ["decimal(20,0)", "timestamp", "decimal(10,2)", "string", "array<smallint>"]);
    }

    #[test]
    fn types_that_spark_does_not_read_and_columns_of_one_name_are_refused() {
        for data_type in
            [DataType::Time64(TimeUnit::Microsecond), DataType::Decimal256(50, 2), DataType::Decimal128(5, -2)]
        {
            assert!(written_schema(&schema(&[data_type])).unwrap_err().contains("'c0'"));
        }
        let twice = Schema::new(vec![Field::new("a", DataType::Int8, true), Field::new("A", DataType::Int8, true)]);
        assert!(written_schema(&twice).is_err());
    }

    #[test]
    fn values_keep_their_meaning_or_are_refused() {
        let times: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![Some(1_500_000), None]));
        let counts: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX, 0]));
        let batch = RecordBatch::try_from_iter([("t", times), ("n", counts)]).unwrap();
        let schema = written_schema(&batch.schema()).unwrap();
        let written = written_batch(&batch, &schema).unwrap();
        assert_eq!(written.column(0).as_primitive::<TimestampMicrosecondType>().value(0), 1_500);
        assert_eq!(written.column(1).as_primitive::<Decimal128Type>().value(0), i128::from(u64::MAX));

        let seconds: ArrayRef = Arc::new(Int64Array::from(vec![i64::MAX]));
        let seconds = arrow::compute::cast(&seconds, &DataType::Timestamp(TimeUnit::Second, None)).unwrap();
        let batch = RecordBatch::try_from_iter([("t", seconds)]).unwrap();
        let schema = written_schema(&batch.schema()).unwrap();
        assert!(written_batch(&batch, &schema).is_err());
    }
}
