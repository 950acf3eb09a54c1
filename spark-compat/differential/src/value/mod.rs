//! One value of a result, read from its Arrow array: what every output of it starts from.

mod calendar;
mod json;
mod number;
mod zone;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DurationMicrosecondArray,
    Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, IntervalMonthDayNanoArray,
    IntervalYearMonthArray, ListArray, MapArray, RecordBatch, StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, IntervalUnit, Schema, TimeUnit};

pub use calendar::{date_text, timestamp_text};
pub use json::encode_value;
pub use number::{decimal_text, double_text, float_text, java_double_text, java_float_text};
pub use zone::{UnknownTimeZone, Zone};

/// Metadata key of a field's Spark type.
pub const SPARK_TYPE: &str = "spark.type";

/// Metadata key of a schema's session time zone.
pub const SPARK_TIME_ZONE: &str = "spark.timeZone";

/// Nanoseconds in a microsecond: calendar intervals arrive in nanoseconds and mean microseconds.
const NANOS_PER_MICRO: i64 = 1000;

/// A value of a result, borrowed from its array.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// NULL, and every value of type void.
    Null,
    /// `boolean`
    Boolean(bool),
    /// `tinyint`, `smallint`, `int`, `bigint`
    Integer(i64),
    /// `float`
    Float(f32),
    /// `double`
    Double(f64),
    /// `decimal`: the unscaled value and the number of fraction digits
    Decimal(i128, i8),
    /// `string`
    String(&'a str),
    /// `binary`
    Binary(&'a [u8]),
    /// `date`: days since 1970-01-01
    Date(i32),
    /// `timestamp`: microseconds since the epoch
    Timestamp(i64),
    /// `interval year to month`: months
    Months(i32),
    /// `interval day to second`: microseconds
    Micros(i64),
    /// `interval`: months, days, microseconds
    Calendar {
        /// Months.
        months: i32,
        /// Days.
        days: i32,
        /// Microseconds.
        micros: i64,
    },
    /// `array`
    List(Elements<'a>),
    /// `map`: keys and values, in step
    Map(Elements<'a>, Elements<'a>),
    /// `struct`
    Struct(&'a StructArray, usize),
}

/// A run of elements of a nested array.
#[derive(Clone, Copy, Debug)]
pub struct Elements<'a> {
    array: &'a ArrayRef,
    start: usize,
    end: usize,
}

/// The result has a column of a type that no Spark result has.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the result has a column of Arrow type {0}, which is not the type of any Spark value")]
pub struct UnknownType(String);

impl<'a> Value<'a> {
    /// The value of `array` at `row`, which the caller has bounded by the array's length.
    pub fn at(array: &'a dyn Array, row: usize) -> Result<Self, UnknownType> {
        if array.is_null(row) {
            return Ok(Self::Null);
        }
        let any = array.as_any();
        macro_rules! get {
            ($array:ty, $make:expr) => {
                any.downcast_ref::<$array>().map(|array| $make(array.value(row)))
            };
        }
        let value = match array.data_type() {
            DataType::Null => Some(Self::Null),
            DataType::Boolean => get!(BooleanArray, Self::Boolean),
            DataType::Int8 => get!(Int8Array, |v| Self::Integer(i64::from(v))),
            DataType::Int16 => get!(Int16Array, |v| Self::Integer(i64::from(v))),
            DataType::Int32 => get!(Int32Array, |v| Self::Integer(i64::from(v))),
            DataType::Int64 => get!(Int64Array, Self::Integer),
            DataType::Float32 => get!(Float32Array, Self::Float),
            DataType::Float64 => get!(Float64Array, Self::Double),
            DataType::Decimal128(_, scale) => get!(Decimal128Array, |v| Self::Decimal(v, *scale)),
            DataType::Utf8 => get!(StringArray, Self::String),
            DataType::Binary => get!(BinaryArray, Self::Binary),
            DataType::Date32 => get!(Date32Array, Self::Date),
            DataType::Timestamp(TimeUnit::Microsecond, _) => get!(TimestampMicrosecondArray, Self::Timestamp),
            DataType::Interval(IntervalUnit::YearMonth) => get!(IntervalYearMonthArray, Self::Months),
            DataType::Duration(TimeUnit::Microsecond) => get!(DurationMicrosecondArray, Self::Micros),
            DataType::Interval(IntervalUnit::MonthDayNano) => {
                any.downcast_ref::<IntervalMonthDayNanoArray>().map(|array| {
                    let interval = array.value(row);
                    let micros = interval.nanoseconds / NANOS_PER_MICRO;
                    Self::Calendar { months: interval.months, days: interval.days, micros }
                })
            }
            DataType::List(_) => any.downcast_ref::<ListArray>().map(|array| Self::list(array, row)),
            DataType::Map(..) => any.downcast_ref::<MapArray>().map(|array| Self::map(array, row)),
            DataType::Struct(_) => array.as_struct_opt().map(|array| Self::Struct(array, row)),
            DataType::Dictionary(..) => return Self::of_dictionary(array, row),
            _ => None,
        };
        value.ok_or_else(|| UnknownType(array.data_type().to_string()))
    }

    /// The values of a struct, in field order.
    pub fn fields(array: &'a StructArray, row: usize) -> impl Iterator<Item = Result<Self, UnknownType>> {
        array.columns().iter().map(move |column| Self::at(column.as_ref(), row))
    }

    fn list(array: &'a ListArray, row: usize) -> Self {
        let offsets = array.value_offsets();
        Self::List(Elements::new(array.values(), offsets, row))
    }

    fn map(array: &'a MapArray, row: usize) -> Self {
        let offsets = array.value_offsets();
        Self::Map(Elements::new(array.keys(), offsets, row), Elements::new(array.values(), offsets, row))
    }

    fn of_dictionary(array: &'a dyn Array, row: usize) -> Result<Self, UnknownType> {
        let dictionary = array.as_any_dictionary_opt().ok_or_else(|| UnknownType(array.data_type().to_string()))?;
        let key = match Self::at(dictionary.keys(), row)? {
            Self::Integer(key) => usize::try_from(key).ok(),
            _ => None,
        };
        match key.filter(|key| *key < dictionary.values().len()) {
            Some(key) => Self::at(dictionary.values().as_ref(), key),
            None => Err(UnknownType(array.data_type().to_string())),
        }
    }
}

impl<'a> Elements<'a> {
    fn new(array: &'a ArrayRef, offsets: &[i32], row: usize) -> Self {
        let offset = |at: usize| offsets.get(at).and_then(|offset| usize::try_from(*offset).ok()).unwrap_or(0);
        Self { array, start: offset(row), end: offset(row + 1) }
    }

    /// The elements in order.
    pub fn iter(self) -> impl Iterator<Item = Result<Value<'a>, UnknownType>> {
        (self.start..self.end).map(move |row| Value::at(self.array.as_ref(), row))
    }
}

/// The Spark catalog string of each column, as the engine labelled it (the Arrow type's name where it did not).
pub fn spark_types(schema: &Schema) -> Vec<String> {
    let label = |field: &arrow::datatypes::FieldRef| {
        field.metadata().get(SPARK_TYPE).cloned().unwrap_or_else(|| field.data_type().to_string())
    };
    schema.fields().iter().map(label).collect()
}

/// The session time zone that the engine put on a result; UTC where it put none.
pub fn time_zone(schema: &Schema) -> Result<Zone, UnknownTimeZone> {
    schema.metadata().get(SPARK_TIME_ZONE).map_or(Ok(Zone::UTC), |name| name.parse())
}

/// Calls `each` with the column and the value of every cell of `batch`, row by row.
pub fn for_each_cell<E: From<UnknownType>>(
    batch: &RecordBatch,
    mut each: impl FnMut(usize, Value<'_>) -> Result<(), E>,
) -> Result<(), E> {
    for row in 0..batch.num_rows() {
        for (column, array) in batch.columns().iter().enumerate() {
            each(column, Value::at(array.as_ref(), row)?)?;
        }
    }
    Ok(())
}
