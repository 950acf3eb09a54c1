//! Casts of float and double, as the JVM's conversions do them.

use arrow::array::{
    ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Decimal128Array, PrimitiveArray, StringViewBuilder,
};
use arrow::datatypes::{
    DataType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use datafusion::common::Result as DataFusionResult;

use super::float_text::{write_double, write_float};
use super::from_string::parse_decimal;
use crate::datetime::MICROS_PER_SECOND;
use crate::kernel;
use crate::types::SparkType;

pub(super) fn cast(array: &ArrayRef, to: &SparkType) -> DataFusionResult<ArrayRef> {
    match array.data_type() {
        DataType::Float32 => typed::<Float32Type>(array.as_primitive(), to, write_float),
        _ => typed::<Float64Type>(array.as_primitive(), to, write_double),
    }
}

fn typed<T>(array: &PrimitiveArray<T>, to: &SparkType, write: fn(&mut String, T::Native)) -> DataFusionResult<ArrayRef>
where
    T: ArrowPrimitiveType,
    T::Native: Into<f64>,
{
    // Rust's `as` is the JVM's conversion: toward zero, saturating, 0 for NaN. Narrow integers go through int and wrap.
    match to {
        SparkType::Byte => kernel::shared(array.unary::<_, Int8Type>(|v| (v.into() as i32) as i8)),
        SparkType::Short => kernel::shared(array.unary::<_, Int16Type>(|v| (v.into() as i32) as i16)),
        SparkType::Int => kernel::shared(array.unary::<_, Int32Type>(|v| v.into() as i32)),
        SparkType::Long => kernel::shared(array.unary::<_, Int64Type>(|v| v.into() as i64)),
        SparkType::Boolean => kernel::shared(BooleanArray::from_unary(array, |v| v.into() != 0.0)),
        SparkType::Timestamp => {
            let micros: PrimitiveArray<TimestampMicrosecondType> = kernel::unary(array, |v| {
                let seconds: f64 = v.into();
                seconds.is_finite().then_some((seconds * MICROS_PER_SECOND as f64) as i64)
            });
            kernel::shared(micros.with_timezone("UTC"))
        }
        // Spark makes the decimal from the double's text; a float is widened to a double first.
        SparkType::Decimal { precision, scale } => {
            let mut text = String::new();
            let decimals = array.iter().map(|v| {
                text.clear();
                write_double(&mut text, v?.into());
                parse_decimal(&text, *precision, *scale)
            });
            let decimals: Decimal128Array = decimals.collect::<PrimitiveArray<Decimal128Type>>();
            kernel::shared(decimals.with_precision_and_scale(*precision, *scale as i8)?)
        }
        SparkType::String => {
            let mut texts = StringViewBuilder::with_capacity(array.len());
            let mut buffer = String::new();
            for value in array {
                match value {
                    Some(value) => {
                        buffer.clear();
                        write(&mut buffer, value);
                        texts.append_value(&buffer);
                    }
                    None => texts.append_null(),
                }
            }
            kernel::shared(texts.finish())
        }
        _ => super::no_kernel(&SparkType::Double, to),
    }
}
