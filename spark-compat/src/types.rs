//! Spark's data types and the one place that says how each maps to Arrow.

pub mod ddl;

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, IntervalUnit, TimeUnit};

/// The largest precision of a Spark decimal.
pub const MAX_PRECISION: u8 = 38;

/// A field of a Spark struct.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StructField {
    /// The field's name as written; lookup ignores case.
    pub name: String,
    /// The field's type.
    pub data_type: SparkType,
    /// Whether the field may be NULL.
    pub nullable: bool,
}

/// A field of an ANSI year-month interval type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum YearMonthField {
    /// `YEAR`
    Year,
    /// `MONTH`
    Month,
}

/// A field of an ANSI day-time interval type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DayTimeField {
    /// `DAY`
    Day,
    /// `HOUR`
    Hour,
    /// `MINUTE`
    Minute,
    /// `SECOND`
    Second,
}

/// A data type of Spark 3.2.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SparkType {
    /// The type of `NULL`.
    Void,
    /// `boolean`
    Boolean,
    /// `tinyint`, 8 bits
    Byte,
    /// `smallint`, 16 bits
    Short,
    /// `int`, 32 bits
    Int,
    /// `bigint`, 64 bits
    Long,
    /// `float`, IEEE 754 binary32
    Float,
    /// `double`, IEEE 754 binary64
    Double,
    /// `decimal(precision, scale)`
    Decimal {
        /// Number of digits, 1 to 38.
        precision: u8,
        /// Number of fraction digits, 0 to `precision`.
        scale: u8,
    },
    /// `string`, UTF-8
    String,
    /// `binary`
    Binary,
    /// `date`, days since 1970-01-01 in the proleptic Gregorian calendar
    Date,
    /// `timestamp`, microseconds since the epoch, shown in the session time zone
    Timestamp,
    /// `interval year to month` and its narrower forms, in months
    YearMonthInterval {
        /// The leading field.
        start: YearMonthField,
        /// The trailing field.
        end: YearMonthField,
    },
    /// `interval day to second` and its narrower forms, in microseconds
    DayTimeInterval {
        /// The leading field.
        start: DayTimeField,
        /// The trailing field.
        end: DayTimeField,
    },
    /// The legacy calendar interval `interval`: months, days and microseconds
    CalendarInterval,
    /// `array<element>`
    Array {
        /// Type of the elements.
        element: Box<SparkType>,
        /// Whether an element may be NULL.
        contains_null: bool,
    },
    /// `map<key,value>`
    Map {
        /// Type of the keys, which are never NULL.
        key: Box<SparkType>,
        /// Type of the values.
        value: Box<SparkType>,
        /// Whether a value may be NULL.
        value_contains_null: bool,
    },
    /// `struct<name:type,..>`
    Struct(Vec<StructField>),
}

impl SparkType {
    /// `decimal(precision, scale)` for values known to be in range.
    pub const fn decimal(precision: u8, scale: u8) -> Self {
        Self::Decimal { precision, scale }
    }

    /// Whether this is one of the types that Spark calls numeric (decimals included).
    pub fn is_numeric(&self) -> bool {
        self.is_integral() || matches!(self, Self::Float | Self::Double | Self::Decimal { .. })
    }

    /// Whether this is tinyint, smallint, int or bigint.
    pub fn is_integral(&self) -> bool {
        matches!(self, Self::Byte | Self::Short | Self::Int | Self::Long)
    }

    /// The Arrow type of this Spark type inside plans: strings and binaries are views, timestamps are in UTC.
    pub fn to_arrow(&self) -> DataType {
        self.arrow_type(DataType::Utf8View, DataType::BinaryView, "UTC")
    }

    /// The Arrow type of this Spark type in results: `Utf8`, `Binary`, and timestamps labelled with the session time zone.
    pub fn to_output_arrow(&self, time_zone: &str) -> DataType {
        self.arrow_type(DataType::Utf8, DataType::Binary, time_zone)
    }

    fn arrow_type(&self, string: DataType, binary: DataType, time_zone: &str) -> DataType {
        let nested = |t: &Self| t.arrow_type(string.clone(), binary.clone(), time_zone);
        match self {
            Self::Void => DataType::Null,
            Self::Boolean => DataType::Boolean,
            Self::Byte => DataType::Int8,
            Self::Short => DataType::Int16,
            Self::Int => DataType::Int32,
            Self::Long => DataType::Int64,
            Self::Float => DataType::Float32,
            Self::Double => DataType::Float64,
            Self::Decimal { precision, scale } => DataType::Decimal128(*precision, *scale as i8),
            Self::String => string,
            Self::Binary => binary,
            Self::Date => DataType::Date32,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some(time_zone.into())),
            Self::YearMonthInterval { .. } => DataType::Interval(IntervalUnit::YearMonth),
            Self::DayTimeInterval { .. } => DataType::Duration(TimeUnit::Microsecond),
            Self::CalendarInterval => DataType::Interval(IntervalUnit::MonthDayNano),
            Self::Array { element, contains_null } => {
                DataType::List(Arc::new(Field::new_list_field(nested(element), *contains_null)))
            }
            Self::Map { key, value, value_contains_null } => {
                let entries = Fields::from(vec![
                    Field::new("key", nested(key), false),
                    Field::new("value", nested(value), *value_contains_null),
                ]);
                DataType::Map(Arc::new(Field::new("entries", DataType::Struct(entries), false)), false)
            }
            Self::Struct(fields) => {
                DataType::Struct(fields.iter().map(|f| Field::new(&f.name, nested(&f.data_type), f.nullable)).collect())
            }
        }
    }

    /// The type as Spark's catalog writes it, for example `array<struct<a:int>>` (Spark's `DataType.catalogString`).
    pub fn catalog_string(&self) -> String {
        match self {
            Self::Array { element, .. } => format!("array<{}>", element.catalog_string()),
            Self::Map { key, value, .. } => {
                format!("map<{},{}>", key.catalog_string(), value.catalog_string())
            }
            Self::Struct(fields) => {
                let fields: Vec<_> =
                    fields.iter().map(|f| format!("{}:{}", f.name, f.data_type.catalog_string())).collect();
                format!("struct<{}>", fields.join(","))
            }
            other => other.simple_name(),
        }
    }

    /// The type as it stands in an SQL text and in generated column names, for example `DECIMAL(10,2)` (Spark's `DataType.sql`).
    pub fn sql(&self) -> String {
        match self {
            Self::Array { element, .. } => format!("ARRAY<{}>", element.sql()),
            Self::Map { key, value, .. } => format!("MAP<{}, {}>", key.sql(), value.sql()),
            Self::Struct(fields) => {
                let quoted = |name: &str| name.replace('`', "``");
                let fields: Vec<_> =
                    fields.iter().map(|f| format!("`{}`: {}", quoted(&f.name), f.data_type.sql())).collect();
                format!("STRUCT<{}>", fields.join(", "))
            }
            other => other.simple_name().to_uppercase(),
        }
    }

    fn simple_name(&self) -> String {
        match self {
            Self::Void => "void".into(),
            Self::Boolean => "boolean".into(),
            Self::Byte => "tinyint".into(),
            Self::Short => "smallint".into(),
            Self::Int => "int".into(),
            Self::Long => "bigint".into(),
            Self::Float => "float".into(),
            Self::Double => "double".into(),
            Self::Decimal { precision, scale } => format!("decimal({precision},{scale})"),
            Self::String => "string".into(),
            Self::Binary => "binary".into(),
            Self::Date => "date".into(),
            Self::Timestamp => "timestamp".into(),
            Self::YearMonthInterval { start, end } => interval_name(start.name(), end.name()),
            Self::DayTimeInterval { start, end } => interval_name(start.name(), end.name()),
            Self::CalendarInterval => "interval".into(),
            Self::Array { .. } | Self::Map { .. } | Self::Struct(_) => self.catalog_string(),
        }
    }
}

impl fmt::Display for SparkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.catalog_string())
    }
}

impl YearMonthField {
    /// The field's lower-case name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Month => "month",
        }
    }
}

impl DayTimeField {
    /// The field's lower-case name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Hour => "hour",
            Self::Minute => "minute",
            Self::Second => "second",
        }
    }
}

fn interval_name(start: &str, end: &str) -> String {
    if start == end { format!("interval {start}") } else { format!("interval {start} to {end}") }
}
