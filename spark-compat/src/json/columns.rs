//! Columns that values are read into, row by row, and that can be cut back when a row turns out to be bad.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, Decimal128Array, Float32Array, Float64Array, ListArray,
    MapArray, NullArray, PrimitiveArray, StringArray, StringViewArray, StructArray, TimestampMicrosecondArray,
};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, DurationMicrosecondType, Int8Type, Int16Type, Int32Type, Int64Type,
    IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalYearMonthType,
};
use arrow::error::ArrowError;
use datafusion::common::Result as DataFusionResult;

use crate::types::SparkType;

/// A value without parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Leaf<'v> {
    Null,
    Boolean(bool),
    /// An integer, a day, a microsecond, or an interval's months or microseconds.
    Integer(i64),
    Float(f32),
    Double(f64),
    /// The digits at the scale of the type.
    Decimal(i128),
    Text(&'v str),
    Bytes(&'v [u8]),
    Interval(IntervalMonthDayNano),
}

/// A column in the making.
#[derive(Debug)]
pub(crate) struct Column {
    valid: Vec<bool>,
    data: Data,
}

#[derive(Debug)]
enum Data {
    Void,
    Booleans(Vec<bool>),
    Integers(Vec<i64>),
    Floats(Vec<f32>),
    Doubles(Vec<f64>),
    Decimals(Vec<i128>),
    /// Strings or binaries, one behind the other, and where each one ends.
    Bytes(Vec<u8>, Vec<usize>),
    Intervals(Vec<IntervalMonthDayNano>),
    /// Where each list ends among the elements: one column of them, or for maps one of keys and one of values.
    Lists(Vec<usize>, Vec<Column>),
    Structs(Vec<Column>),
}

impl Column {
    /// An empty column of a type.
    pub fn new(data_type: &SparkType) -> Self {
        use SparkType as T;
        let data = match data_type {
            T::Void => Data::Void,
            T::Boolean => Data::Booleans(Vec::new()),
            T::Byte | T::Short | T::Int | T::Long | T::Date | T::Timestamp => Data::Integers(Vec::new()),
            T::YearMonthInterval { .. } | T::DayTimeInterval { .. } => Data::Integers(Vec::new()),
            T::Float => Data::Floats(Vec::new()),
            T::Double => Data::Doubles(Vec::new()),
            T::Decimal { .. } => Data::Decimals(Vec::new()),
            T::String | T::Binary => Data::Bytes(Vec::new(), Vec::new()),
            T::CalendarInterval => Data::Intervals(Vec::new()),
            T::Array { element, .. } => Data::Lists(Vec::new(), vec![Self::new(element)]),
            T::Map { key, value, .. } => Data::Lists(Vec::new(), vec![Self::new(key), Self::new(value)]),
            T::Struct(fields) => Data::Structs(fields.iter().map(|field| Self::new(&field.data_type)).collect()),
        };
        Self { valid: Vec::new(), data }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.valid.len()
    }

    /// Adds a value of the column's type, or NULL.
    pub fn push(&mut self, leaf: Leaf<'_>) {
        self.valid.push(leaf != Leaf::Null);
        match (&mut self.data, leaf) {
            (Data::Booleans(values), leaf) => values.push(leaf == Leaf::Boolean(true)),
            (Data::Integers(values), Leaf::Integer(value)) => values.push(value),
            (Data::Integers(values), _) => values.push(0),
            (Data::Floats(values), Leaf::Float(value)) => values.push(value),
            (Data::Floats(values), _) => values.push(0.0),
            (Data::Doubles(values), Leaf::Double(value)) => values.push(value),
            (Data::Doubles(values), _) => values.push(0.0),
            (Data::Decimals(values), Leaf::Decimal(value)) => values.push(value),
            (Data::Decimals(values), _) => values.push(0),
            (Data::Bytes(bytes, ends), leaf) => {
                match leaf {
                    Leaf::Text(text) => bytes.extend_from_slice(text.as_bytes()),
                    Leaf::Bytes(value) => bytes.extend_from_slice(value),
                    _ => {}
                }
                ends.push(bytes.len());
            }
            (Data::Intervals(values), Leaf::Interval(value)) => values.push(value),
            (Data::Intervals(values), _) => values.push(IntervalMonthDayNano::ZERO),
            (Data::Lists(ends, members), _) => ends.push(members.first().map_or(0, Column::len)),
            (Data::Structs(members), _) => members.iter_mut().for_each(|member| member.push(Leaf::Null)),
            (Data::Void, _) => {}
        }
    }

    /// The columns of the elements, of the keys and values, or of the fields.
    pub fn members(&mut self) -> &mut [Column] {
        match &mut self.data {
            Data::Lists(_, members) | Data::Structs(members) => members,
            _ => &mut [],
        }
    }

    /// Ends a list, map or struct whose members were added; fields that were not become NULL.
    pub fn close(&mut self) {
        self.valid.push(true);
        let rows = self.valid.len();
        match &mut self.data {
            Data::Lists(ends, members) => ends.push(members.first().map_or(0, Column::len)),
            Data::Structs(members) => {
                for member in members.iter_mut().filter(|member| member.len() < rows) {
                    member.push(Leaf::Null);
                }
            }
            _ => {}
        }
    }

    /// Takes rows, and whatever was added for a row that was not ended, away until `rows` are left.
    pub fn truncate(&mut self, rows: usize) {
        self.valid.truncate(rows);
        match &mut self.data {
            Data::Void => {}
            Data::Booleans(values) => values.truncate(rows),
            Data::Integers(values) => values.truncate(rows),
            Data::Floats(values) => values.truncate(rows),
            Data::Doubles(values) => values.truncate(rows),
            Data::Decimals(values) => values.truncate(rows),
            Data::Bytes(bytes, ends) => {
                ends.truncate(rows);
                bytes.truncate(ends.last().copied().unwrap_or(0));
            }
            Data::Intervals(values) => values.truncate(rows),
            Data::Lists(ends, members) => {
                ends.truncate(rows);
                let kept = ends.last().copied().unwrap_or(0);
                members.iter_mut().for_each(|member| member.truncate(kept));
            }
            Data::Structs(members) => members.iter_mut().for_each(|member| member.truncate(rows)),
        }
    }

    /// Adds the rows of another column of the same type.
    pub fn append(&mut self, other: Self) {
        self.valid.extend(other.valid);
        match (&mut self.data, other.data) {
            (Data::Booleans(values), Data::Booleans(more)) => values.extend(more),
            (Data::Integers(values), Data::Integers(more)) => values.extend(more),
            (Data::Floats(values), Data::Floats(more)) => values.extend(more),
            (Data::Doubles(values), Data::Doubles(more)) => values.extend(more),
            (Data::Decimals(values), Data::Decimals(more)) => values.extend(more),
            (Data::Intervals(values), Data::Intervals(more)) => values.extend(more),
            (Data::Bytes(bytes, ends), Data::Bytes(more, more_ends)) => {
                ends.extend(more_ends.into_iter().map(|end| bytes.len() + end));
                bytes.extend(more);
            }
            (Data::Lists(ends, members), Data::Lists(more_ends, more)) => {
                let start = members.first().map_or(0, Column::len);
                ends.extend(more_ends.into_iter().map(|end| start + end));
                members.iter_mut().zip(more).for_each(|(member, more)| member.append(more));
            }
            (Data::Structs(members), Data::Structs(more)) => {
                members.iter_mut().zip(more).for_each(|(member, more)| member.append(more));
            }
            // Of void there is nothing to add; other pairs are not of one type.
            _ => {}
        }
    }

    /// The column as an array of the Arrow type that `data_type`, which it was made for, has in plans.
    ///
    /// # Errors
    ///
    /// There is more than an array's offsets can tell.
    pub fn finish(self, data_type: &SparkType) -> DataFusionResult<ArrayRef> {
        let rows = self.valid.len();
        let nulls = Some(NullBuffer::from(self.valid)).filter(|nulls| nulls.null_count() > 0);
        Ok(match (self.data, data_type.to_arrow()) {
            (Data::Void, _) => Arc::new(NullArray::new(rows)),
            (Data::Booleans(values), _) => Arc::new(BooleanArray::new(values.into(), nulls)),
            (Data::Integers(values), DataType::Int8) => integers::<Int8Type>(values, nulls),
            (Data::Integers(values), DataType::Int16) => integers::<Int16Type>(values, nulls),
            (Data::Integers(values), DataType::Int32) => integers::<Int32Type>(values, nulls),
            (Data::Integers(values), DataType::Int64) => integers::<Int64Type>(values, nulls),
            (Data::Integers(values), DataType::Date32) => integers::<Date32Type>(values, nulls),
            (Data::Integers(values), DataType::Timestamp(..)) => {
                Arc::new(TimestampMicrosecondArray::new(values.into(), nulls).with_timezone("UTC"))
            }
            (Data::Integers(values), DataType::Interval(_)) => integers::<IntervalYearMonthType>(values, nulls),
            (Data::Integers(values), DataType::Duration(_)) => integers::<DurationMicrosecondType>(values, nulls),
            (Data::Integers(_), other) => return datafusion::common::internal_err!("{other} is read from no text"),
            (Data::Floats(values), _) => Arc::new(Float32Array::new(values.into(), nulls)),
            (Data::Doubles(values), _) => Arc::new(Float64Array::new(values.into(), nulls)),
            (Data::Decimals(values), decimal) => {
                Arc::new(Decimal128Array::new(values.into(), nulls).with_data_type(decimal))
            }
            (Data::Bytes(bytes, ends), DataType::BinaryView) => {
                let binary = BinaryArray::try_new(offsets(ends)?, Buffer::from_vec(bytes), nulls)?;
                Arc::new(BinaryViewArray::from(&binary))
            }
            (Data::Bytes(bytes, ends), _) => {
                let texts = StringArray::try_new(offsets(ends)?, Buffer::from_vec(bytes), nulls)?;
                Arc::new(StringViewArray::from(&texts))
            }
            (Data::Intervals(values), _) => {
                Arc::new(PrimitiveArray::<IntervalMonthDayNanoType>::new(values.into(), nulls))
            }
            (Data::Lists(ends, members), arrow) => lists(ends, members, nulls, data_type, arrow)?,
            (Data::Structs(members), arrow) => structs(members, rows, nulls, data_type, arrow)?,
        })
    }
}

/// The values, which are within the range of the type.
fn integers<T: ArrowPrimitiveType>(values: Vec<i64>, nulls: Option<NullBuffer>) -> ArrayRef
where
    T::Native: TryFrom<i64>,
{
    let values = values.into_iter().map(|value| T::Native::try_from(value).unwrap_or_default());
    Arc::new(PrimitiveArray::<T>::new(values.collect::<ScalarBuffer<_>>(), nulls))
}

fn offsets(ends: Vec<usize>) -> Result<OffsetBuffer<i32>, ArrowError> {
    let offsets = std::iter::once(Ok(0)).chain(ends.into_iter().map(i32::try_from));
    let offsets =
        offsets.collect::<Result<Vec<i32>, _>>().map_err(|_| ArrowError::OffsetOverflowError(i32::MAX as usize))?;
    Ok(OffsetBuffer::new(offsets.into()))
}

fn lists(
    ends: Vec<usize>,
    members: Vec<Column>,
    nulls: Option<NullBuffer>,
    data_type: &SparkType,
    arrow: DataType,
) -> DataFusionResult<ArrayRef> {
    let offsets = offsets(ends)?;
    let mut members = members.into_iter();
    match (data_type, arrow, members.next(), members.next()) {
        (SparkType::Array { element, .. }, DataType::List(field), Some(elements), None) => {
            Ok(Arc::new(ListArray::try_new(field, offsets, elements.finish(element)?, nulls)?))
        }
        (SparkType::Map { key, value, .. }, DataType::Map(field, ordered), Some(keys), Some(values)) => {
            let DataType::Struct(fields) = field.data_type() else {
                return datafusion::common::internal_err!("{data_type} has no entries");
            };
            let entries = StructArray::try_new(fields.clone(), vec![keys.finish(key)?, values.finish(value)?], None)?;
            Ok(Arc::new(MapArray::try_new(field, offsets, entries, nulls, ordered)?))
        }
        _ => datafusion::common::internal_err!("{data_type} is neither a list nor a map"),
    }
}

fn structs(
    members: Vec<Column>,
    rows: usize,
    nulls: Option<NullBuffer>,
    data_type: &SparkType,
    arrow: DataType,
) -> DataFusionResult<ArrayRef> {
    let (SparkType::Struct(types), DataType::Struct(fields)) = (data_type, arrow) else {
        return datafusion::common::internal_err!("{data_type} is not a struct");
    };
    let columns = members.into_iter().zip(types).map(|(member, field)| member.finish(&field.data_type));
    let columns = columns.collect::<DataFusionResult<_>>()?;
    Ok(Arc::new(StructArray::try_new_with_length(fields, columns, nulls, rows)?))
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray};

    use super::*;
    use crate::types::ddl;

    #[test]
    fn a_row_that_is_cut_off_leaves_nothing_behind() {
        let data_type = ddl::parse_type("array<string>").unwrap();
        let mut column = Column::new(&data_type);
        column.members()[0].push(Leaf::Text("a"));
        column.close();
        column.members()[0].push(Leaf::Text("half of a row"));
        column.truncate(1);
        column.push(Leaf::Null);
        let array = column.finish(&data_type).unwrap();
        let lists = array.as_list::<i32>();
        assert_eq!((lists.len(), lists.null_count(), lists.values().len()), (2, 1, 1));
    }

    #[test]
    fn fields_that_were_not_given_are_null() {
        let data_type = ddl::parse_type("struct<a:int,b:int>").unwrap();
        let mut column = Column::new(&data_type);
        column.members()[1].push(Leaf::Integer(7));
        column.close();
        let array = column.finish(&data_type).unwrap();
        let (a, b) = (array.as_struct().column(0), array.as_struct().column(1));
        assert!(a.is_null(0) && b.as_primitive::<Int32Type>().value(0) == 7);
    }
}
