//! Casts of timestamps.

use arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, PrimitiveArray, StringViewBuilder, TimestampMicrosecondArray,
};
use arrow::datatypes::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
};
use datafusion::common::Result as DataFusionResult;

use super::float_text::write_double;
use super::from_string::parse_decimal;
use crate::datetime::zone::Zone;
use crate::datetime::{MICROS_PER_SECOND, format, parse};
use crate::kernel;
use crate::types::SparkType;

pub(super) fn cast(array: &TimestampMicrosecondArray, to: &SparkType, zone: Zone) -> DataFusionResult<ArrayRef> {
    let seconds = |micros: i64| micros.div_euclid(MICROS_PER_SECOND);
    let double = |micros: i64| micros as f64 / MICROS_PER_SECOND as f64;
    match to {
        SparkType::Date => kernel::shared(array.unary::<_, Date32Type>(|v| parse::date_of_timestamp(v, &zone))),
        SparkType::Byte => kernel::shared(array.unary::<_, Int8Type>(|v| seconds(v) as i8)),
        SparkType::Short => kernel::shared(array.unary::<_, Int16Type>(|v| seconds(v) as i16)),
        SparkType::Int => kernel::shared(array.unary::<_, Int32Type>(|v| seconds(v) as i32)),
        SparkType::Long => kernel::shared(array.unary::<_, Int64Type>(seconds)),
        SparkType::Float => kernel::shared(array.unary::<_, Float32Type>(|v| double(v) as f32)),
        SparkType::Double => kernel::shared(array.unary::<_, Float64Type>(double)),
        SparkType::Boolean => kernel::shared(BooleanArray::from_unary(array, |v| v != 0)),
        // By way of the double's text, as Spark does it.
        SparkType::Decimal { precision, scale } => {
            let mut text = String::new();
            let decimals = array.iter().map(|v| {
                text.clear();
                write_double(&mut text, double(v?));
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
                    Some(micros) => {
                        buffer.clear();
                        format::write_timestamp(&mut buffer, micros, &zone);
                        texts.append_value(&buffer);
                    }
                    None => texts.append_null(),
                }
            }
            kernel::shared(texts.finish())
        }
        _ => super::no_kernel(&SparkType::Timestamp, to),
    }
}
