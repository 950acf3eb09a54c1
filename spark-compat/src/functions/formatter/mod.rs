//! `format_string` and `printf`: Java's `java.util.Formatter` in the locale en-US.

mod print;
mod specifier;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes as arrow_types;
use arrow::datatypes::{DataType, IntervalUnit, TimeUnit};
use datafusion::common::Result as DataFusionResult;

use super::arguments::{Arity, Input};
use super::{Call, Function, Support, scalar, text};
use crate::error::{Result, SparkError};
use crate::resolver::Typed;
use crate::types::SparkType;
use print::Value;
use specifier::{Index, Piece};

pub(super) const FUNCTIONS: &[Function] =
    &[Function::scalar("format_string", Arity::AtLeast(0), &[Input::String, Input::Any], format_string)
        .with_aliases(&["printf"])
        .with_support(Support::Partial("not %t and %a, not %h of strings, and not of binaries and nested types"))];

fn format_string(call: Call<'_>) -> Result<Typed> {
    let Some(format) = call.args.first() else {
        return Err(SparkError::analysis("requirement failed: format_string() should take at least 1 argument"));
    };
    let (called, nullable) = (call.called, format.nullable);
    let refused = |t: &SparkType| {
        matches!(t, SparkType::Binary | SparkType::CalendarInterval | SparkType::Array { .. } | SparkType::Map { .. })
            || matches!(t, SparkType::Struct(_))
    };
    if let Some(other) = call.args.iter().find(|arg| refused(&arg.data_type)) {
        return Err(SparkError::unsupported(format!("{} with an argument of type {}", call.name(), other.data_type)));
    }
    let typed = scalar::lower(call, called, "spark_format_string", SparkType::String, formatted)?;
    Ok(Typed { nullable, ..typed })
}

fn formatted(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let Some((formats, args)) = arrays.split_first() else {
        return datafusion::common::internal_err!("format_string without a format");
    };
    let texts = formats.as_string_view();
    let (mut read, mut pieces) = (None, Vec::new());
    text::rows(std::slice::from_ref(formats), |row, out| {
        let format = texts.value(row);
        if read != Some(format) {
            pieces = specifier::parse(format)?;
            read = Some(format);
        }
        let (mut ordinary, mut last) = (0, None);
        for piece in &pieces {
            let specifier = match piece {
                Piece::Text(text) => {
                    out.push_str(text);
                    continue;
                }
                Piece::Specifier(specifier) => specifier,
            };
            let at = match specifier.index {
                Index::None => None,
                Index::Last => last.or(Some(usize::MAX)),
                Index::Next => {
                    ordinary += 1;
                    Some(ordinary - 1)
                }
                Index::Fixed(number) => Some(number - 1),
            };
            last = at.or(last);
            let value = match at.map(|at| args.get(at)) {
                None => Value::Null,
                Some(Some(array)) => value(array, row)?,
                Some(None) => {
                    return Err(
                        print::failed("MissingFormatArgument", &format!("Format specifier '{specifier}'")).into()
                    );
                }
            };
            specifier.check_size()?;
            print::write(specifier, &value, out)?;
        }
        Ok(true)
    })
}

/// The value that Spark hands to the formatter: dates are days, timestamps microseconds, intervals their numbers.
fn value(array: &ArrayRef, row: usize) -> Result<Value<'_>> {
    if array.is_null(row) {
        return Ok(Value::Null);
    }
    Ok(match array.data_type() {
        DataType::Null => Value::Null,
        DataType::Boolean => Value::Boolean(array.as_boolean().value(row)),
        DataType::Int8 => Value::Byte(array.as_primitive::<arrow_types::Int8Type>().value(row)),
        DataType::Int16 => Value::Short(array.as_primitive::<arrow_types::Int16Type>().value(row)),
        DataType::Int32 => Value::Int(array.as_primitive::<arrow_types::Int32Type>().value(row)),
        DataType::Int64 => Value::Long(array.as_primitive::<arrow_types::Int64Type>().value(row)),
        DataType::Float32 => Value::Float(array.as_primitive::<arrow_types::Float32Type>().value(row)),
        DataType::Float64 => Value::Double(array.as_primitive::<arrow_types::Float64Type>().value(row)),
        DataType::Utf8View => Value::Text(array.as_string_view().value(row)),
        DataType::Decimal128(_, scale) => {
            Value::Decimal(array.as_primitive::<arrow_types::Decimal128Type>().value(row), scale.unsigned_abs())
        }
        DataType::Date32 => Value::Int(array.as_primitive::<arrow_types::Date32Type>().value(row)),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            Value::Long(array.as_primitive::<arrow_types::TimestampMicrosecondType>().value(row))
        }
        DataType::Interval(IntervalUnit::YearMonth) => {
            Value::Int(array.as_primitive::<arrow_types::IntervalYearMonthType>().value(row))
        }
        DataType::Duration(TimeUnit::Microsecond) => {
            Value::Long(array.as_primitive::<arrow_types::DurationMicrosecondType>().value(row))
        }
        other => return Err(SparkError::internal(format!("format_string does not take {other}"))),
    })
}
