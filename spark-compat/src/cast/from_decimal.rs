//! Casts of decimals.

use std::fmt::Write;

use arrow::array::{ArrayRef, BooleanArray, Decimal128Array, StringViewBuilder};
use arrow::datatypes::{
    Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, i256,
};
use datafusion::common::Result as DataFusionResult;

use super::double_rounding::EXACT_POWERS;
use crate::arithmetic::decimal_math::{POWERS, rescale};
use crate::datetime::MICROS_PER_SECOND;
use crate::kernel;
use crate::types::SparkType;

pub(super) fn cast(array: &Decimal128Array, precision: u8, scale: u8, to: &SparkType) -> DataFusionResult<ArrayRef> {
    let power = POWERS.get(usize::from(scale)).copied().unwrap_or(1);
    // Integers take the low bits of the whole part, as `BigDecimal.longValue`.
    match to {
        SparkType::Byte => kernel::shared(array.unary::<_, Int8Type>(|v| (v / power) as i8)),
        SparkType::Short => kernel::shared(array.unary::<_, Int16Type>(|v| (v / power) as i16)),
        SparkType::Int => kernel::shared(array.unary::<_, Int32Type>(|v| (v / power) as i32)),
        SparkType::Long => kernel::shared(array.unary::<_, Int64Type>(|v| (v / power) as i64)),
        SparkType::Boolean => kernel::shared(BooleanArray::from_unary(array, |v| v != 0)),
        SparkType::Float => kernel::shared(array.unary::<_, Float32Type>(|v| to_f32(v, scale))),
        SparkType::Double => kernel::shared(array.unary::<_, Float64Type>(|v| to_f64(v, scale))),
        SparkType::Timestamp => {
            let micros = array.unary::<_, TimestampMicrosecondType>(|v| to_micros(v, power));
            kernel::shared(micros.with_timezone("UTC"))
        }
        SparkType::Decimal { precision: to_precision, scale: to_scale } => {
            let decimals: Decimal128Array =
                kernel::unary::<_, Decimal128Type>(array, |v| rescale(v, scale, *to_scale, *to_precision));
            kernel::shared(decimals.with_precision_and_scale(*to_precision, *to_scale as i8)?)
        }
        SparkType::String => {
            let mut texts = StringViewBuilder::with_capacity(array.len());
            let mut buffer = String::new();
            for value in array {
                match value {
                    Some(value) => {
                        buffer.clear();
                        write_decimal(&mut buffer, value, scale);
                        texts.append_value(&buffer);
                    }
                    None => texts.append_null(),
                }
            }
            kernel::shared(texts.finish())
        }
        _ => super::no_kernel(&SparkType::decimal(precision, scale), to),
    }
}

/// The nearest double, as `BigDecimal.doubleValue`: the value is exact in both steps or read from its text.
pub(crate) fn to_f64(value: i128, scale: u8) -> f64 {
    const EXACT: i128 = 1 << 53;
    if (-EXACT..=EXACT).contains(&value)
        && let Some(power) = EXACT_POWERS.get(usize::from(scale))
    {
        // Processors convert 64 bits in one step.
        return value as i64 as f64 / power;
    }
    format!("{value}e-{scale}").parse().unwrap_or(f64::NAN)
}

fn to_f32(value: i128, scale: u8) -> f32 {
    format!("{value}e-{scale}").parse().unwrap_or(f32::NAN)
}

/// Seconds to microseconds, cut to whole ones and to their low 64 bits.
fn to_micros(value: i128, power: i128) -> i64 {
    let micros = i256::from_i128(value).wrapping_mul(i256::from_i128(MICROS_PER_SECOND.into()));
    micros.checked_div(i256::from_i128(power)).map_or(0, |m| m.to_parts().0 as i64)
}

/// Appends a decimal as `BigDecimal.toString` writes it: scientific below 10^-6.
pub(crate) fn write_decimal(out: &mut String, value: i128, scale: u8) {
    if scale == 0 {
        let _ = write!(out, "{value}");
        return;
    }
    if value < 0 {
        out.push('-');
    }
    let digits = value.unsigned_abs().to_string();
    let scale = usize::from(scale);
    // The exponent of the first digit.
    let exponent = digits.len() as i64 - 1 - scale as i64;
    if exponent < -6 {
        let (first, rest) = digits.split_at(1);
        out.push_str(first);
        if !rest.is_empty() {
            out.push('.');
            out.push_str(rest);
        }
        let _ = write!(out, "E{exponent}");
    } else if digits.len() > scale {
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let _ = write!(out, "{whole}.{fraction}");
    } else {
        let _ = write!(out, "0.{digits:0>scale$}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: i128, scale: u8) -> String {
        let mut out = String::new();
        write_decimal(&mut out, value, scale);
        out
    }

    #[test]
    fn decimals_are_plain_down_to_a_millionth() {
        assert_eq!(text(110, 2), "1.10");
        assert_eq!(text(-1, 3), "-0.001");
        assert_eq!(text(1, 6), "0.000001");
        assert_eq!(text(1, 7), "1E-7");
        assert_eq!(text(0, 30), "0E-30");
        assert_eq!(text(10i128.pow(20), 30), "1.00000000000000000000E-10");
        assert_eq!(text(123, 0), "123");
    }

    #[test]
    fn doubles_are_the_nearest_ones() {
        assert_eq!(to_f64(1, 1), 0.1);
        assert_eq!(to_f64(12345678901234567890123456789012345678, 0), 1.2345678901234568E37);
        assert_eq!(to_f64(9007199254740993, 3), 9007199254740.993);
        assert_eq!(to_f32(123456, 3), 123.456);
    }
}
