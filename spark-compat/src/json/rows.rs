//! Values that were read from JSON as an Arrow array.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryViewArray, BooleanArray, Decimal128Array, Float32Array, Float64Array, ListArray, MapArray,
    NullArray, PrimitiveArray, StringViewArray, StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Int8Type, Int16Type, Int32Type, Int64Type, IntervalMonthDayNano,
    IntervalMonthDayNanoType, TimestampMicrosecondType,
};
use datafusion::common::Result as DataFusionResult;

use super::read::Value;
use crate::types::SparkType;

/// The values, which are of the type, as an array of its Arrow type in plans.
pub(crate) fn array(data_type: &SparkType, values: Vec<Value>) -> DataFusionResult<ArrayRef> {
    use SparkType as T;
    Ok(match data_type {
        T::Void => Arc::new(NullArray::new(values.len())),
        T::Boolean => Arc::new(values.iter().map(boolean).collect::<BooleanArray>()),
        T::Byte => integers::<Int8Type>(&values),
        T::Short => integers::<Int16Type>(&values),
        T::Int => integers::<Int32Type>(&values),
        T::Long => integers::<Int64Type>(&values),
        T::Date => integers::<Date32Type>(&values),
        T::Timestamp => {
            let micros =
                values.iter().map(|value| integer(value)).collect::<PrimitiveArray<TimestampMicrosecondType>>();
            Arc::new(micros.with_timezone("UTC"))
        }
        T::Float => Arc::new(values.iter().map(float).collect::<Float32Array>()),
        T::Double => Arc::new(values.iter().map(double).collect::<Float64Array>()),
        T::Decimal { precision, scale } => {
            let digits = values.iter().map(decimal).collect::<Decimal128Array>();
            Arc::new(digits.with_precision_and_scale(*precision, *scale as i8)?)
        }
        T::String => Arc::new(values.iter().map(text).collect::<StringViewArray>()),
        T::Binary => Arc::new(values.iter().map(bytes).collect::<BinaryViewArray>()),
        T::CalendarInterval => {
            Arc::new(values.iter().map(interval).collect::<PrimitiveArray<IntervalMonthDayNanoType>>())
        }
        T::Array { element, .. } => lists(data_type, element, values)?,
        T::Map { key, value, .. } => maps(data_type, key, value, values)?,
        T::Struct(fields) => structs(data_type, fields.iter().map(|field| &field.data_type), values)?,
        T::YearMonthInterval { .. } | T::DayTimeInterval { .. } => {
            return datafusion::common::internal_err!("{data_type} is not read from JSON");
        }
    })
}

fn integers<A: ArrowPrimitiveType>(values: &[Value]) -> ArrayRef
where
    A::Native: TryFrom<i64>,
{
    let natives = values.iter().map(|value| integer(value).and_then(|value| value.try_into().ok()));
    Arc::new(natives.collect::<PrimitiveArray<A>>())
}

fn integer(value: &Value) -> Option<i64> {
    if let Value::Integer(value) = value { Some(*value) } else { None }
}

fn boolean(value: &Value) -> Option<bool> {
    if let Value::Boolean(value) = value { Some(*value) } else { None }
}

fn float(value: &Value) -> Option<f32> {
    if let Value::Float(value) = value { Some(*value) } else { None }
}

fn double(value: &Value) -> Option<f64> {
    if let Value::Double(value) = value { Some(*value) } else { None }
}

fn decimal(value: &Value) -> Option<i128> {
    if let Value::Decimal(value) = value { Some(*value) } else { None }
}

fn text(value: &Value) -> Option<&str> {
    if let Value::Text(value) = value { Some(value) } else { None }
}

fn bytes(value: &Value) -> Option<&[u8]> {
    if let Value::Bytes(value) = value { Some(value) } else { None }
}

fn interval(value: &Value) -> Option<IntervalMonthDayNano> {
    let Value::Interval(value) = value else { return None };
    Some(IntervalMonthDayNano::new(value.months, value.days, value.micros.checked_mul(1000)?))
}

fn validity(values: &[Value]) -> NullBuffer {
    values.iter().map(|value| *value != Value::Null).collect()
}

fn lists(data_type: &SparkType, element: &SparkType, values: Vec<Value>) -> DataFusionResult<ArrayRef> {
    let nulls = validity(&values);
    let (mut elements, mut lengths) = (Vec::new(), Vec::with_capacity(values.len()));
    for value in values {
        let members = if let Value::List(members) = value { members } else { Vec::new() };
        lengths.push(members.len());
        elements.extend(members);
    }
    let DataType::List(field) = data_type.to_arrow() else {
        return datafusion::common::internal_err!("{data_type} is not a list");
    };
    let elements = array(element, elements)?;
    Ok(Arc::new(ListArray::try_new(field, OffsetBuffer::from_lengths(lengths), elements, Some(nulls))?))
}

fn maps(data_type: &SparkType, key: &SparkType, value: &SparkType, values: Vec<Value>) -> DataFusionResult<ArrayRef> {
    let nulls = validity(&values);
    let (mut keys, mut members, mut lengths) = (Vec::new(), Vec::new(), Vec::with_capacity(values.len()));
    for value in values {
        let entries = if let Value::Entries(entries) = value { entries } else { Vec::new() };
        lengths.push(entries.len());
        for (key, member) in entries {
            keys.push(Value::Text(key));
            members.push(member);
        }
    }
    let (DataType::Map(field, ordered), DataType::Map(entry, _)) = (data_type.to_arrow(), data_type.to_arrow()) else {
        return datafusion::common::internal_err!("{data_type} is not a map");
    };
    let DataType::Struct(fields) = entry.data_type() else {
        return datafusion::common::internal_err!("{data_type} has no entries");
    };
    let entries = StructArray::try_new(fields.clone(), vec![array(key, keys)?, array(value, members)?], None)?;
    Ok(Arc::new(MapArray::try_new(field, OffsetBuffer::from_lengths(lengths), entries, Some(nulls), ordered)?))
}

fn structs<'a>(
    data_type: &SparkType,
    types: impl ExactSizeIterator<Item = &'a SparkType>,
    values: Vec<Value>,
) -> DataFusionResult<ArrayRef> {
    let (nulls, rows) = (validity(&values), values.len());
    let mut columns: Vec<Vec<Value>> = (0..types.len()).map(|_| Vec::with_capacity(rows)).collect();
    for value in values {
        let mut members = if let Value::List(members) = value { members } else { Vec::new() }.into_iter();
        for column in &mut columns {
            column.push(members.next().unwrap_or(Value::Null));
        }
    }
    let columns: Vec<ArrayRef> =
        types.zip(columns).map(|(data_type, column)| array(data_type, column)).collect::<DataFusionResult<_>>()?;
    let DataType::Struct(fields) = data_type.to_arrow() else {
        return datafusion::common::internal_err!("{data_type} is not a struct");
    };
    debug_assert!(columns.iter().all(|column| column.len() == rows));
    Ok(Arc::new(StructArray::try_new_with_length(fields, columns, Some(nulls), rows)?))
}
