//! Casts of float and double, as the JVM's conversions do them.

use arrow::array::{
    ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Decimal128Array, PrimitiveArray, StringViewBuilder,
};
use arrow::datatypes::{
    DataType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use datafusion::common::Result as DataFusionResult;

use super::double_rounding::{EXACT, EXACT_POWERS, is_whole, nearest_whole};
use super::float_text::{write_double, write_float};
use super::from_string::parse_decimal;
use crate::arithmetic::decimal_math::POWERS;
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
            let decimals = array.iter().map(|v| decimal(v?.into(), *precision, *scale, &mut text));
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

/// The unscaled value of the decimal with the digits that Java writes the double with, rounded half up; `None` where it has
/// no place in the precision, or there is none. `text` is room to write in.
fn decimal(value: f64, precision: u8, scale: u8, text: &mut String) -> Option<i128> {
    if let Some(unscaled) = without_text(value, scale) {
        let limit = POWERS.get(usize::from(precision))?;
        return (unscaled.abs() < *limit).then_some(unscaled);
    }
    text.clear();
    write_double(text, value);
    parse_decimal(text, precision, scale)
}

/// The unscaled value, where it follows without the digits.
fn without_text(value: f64, scale: u8) -> Option<i128> {
    if is_whole(value) {
        let whole = (value.abs() < EXACT).then_some(value as i128)?;
        return whole.checked_mul(*POWERS.get(usize::from(scale))?);
    }
    nearest_whole(value * EXACT_POWERS.get(usize::from(scale))?).map(|nearest| nearest as i128)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_of_doubles_are_those_of_their_texts() {
        let mut state = 1u64;
        let (mut quick, mut text) = (0, String::new());
        for _ in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (mantissa, size) = (state >> 11, 10f64.powi((state % 25) as i32));
            let value = if state & 1 == 0 { mantissa as f64 / size } else { -((mantissa >> 20) as f64) / size };
            for (precision, scale) in [(18, 2), (38, 18), (10, 0), (5, 5)] {
                let by_text = parse_decimal(&super::super::double_to_string(value), precision, scale);
                assert_eq!(decimal(value, precision, scale, &mut text), by_text, "{value:e} {precision} {scale}");
                quick += usize::from(without_text(value, scale).is_some());
            }
        }
        assert!(quick > 30_000, "{quick}");
        for value in [0.125, 2.5, 1.005, -0.0, f64::NAN, f64::INFINITY, 9_007_199_254_740_993.0, 1e300, 5e-324] {
            let by_text = parse_decimal(&super::super::double_to_string(value), 18, 2);
            assert_eq!(decimal(value, 18, 2, &mut text), by_text, "{value:e}");
        }
    }
}
