//! `round`, `bround`, `ceil` and `floor` on every numeric type.
//!
//! Spark rounds floats as the decimals of their text, and integers as decimals whose low bits it keeps: rounding up near the
//! limits of a type wraps. Rules: `RoundBase`, `Ceil`, `Floor`.

use arrow::array::{ArrayRef, ArrowPrimitiveType, AsArray, Decimal128Array, PrimitiveArray};
use arrow::datatypes::{DataType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::Expr;

use super::arguments::{Arity, Input};
use super::scalar::{self, Kernel, arguments};
use super::{Call, Function};
use crate::arithmetic::decimal_math::{POWERS, divide_half_up};
use crate::cast::double_rounding::{EXACT, EXACT_POWERS, is_whole, nearest_whole};
use crate::cast::double_to_string;
use crate::coercion::decimal::Digits;
use crate::error::{Result, SparkError};
use crate::kernel;
use crate::resolver::{Typed, call_name, evaluate_constant};
use crate::types::SparkType;

const ROUNDED: &[Input] = &[Input::Numeric, Input::Int];
const WHOLE: &[Input] = &[Input::OneOf(&[Input::Double, Input::Decimal, Input::Long])];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::scalar("round", Arity::Between(1, 2), ROUNDED, |call| round(call, Mode::HalfUp)),
    Function::scalar("bround", Arity::Between(1, 2), ROUNDED, |call| round(call, Mode::HalfEven)),
    Function::scalar("ceil", Arity::Exactly(1), WHOLE, |call| whole(call, "CEIL", true)),
    Function::scalar("ceiling", Arity::Exactly(1), WHOLE, |call| whole(call, "ceiling", true)),
    Function::scalar("floor", Arity::Exactly(1), WHOLE, |call| whole(call, "FLOOR", false)),
];

/// What happens to a value in the middle between two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Mode {
    /// Away from zero.
    HalfUp,
    /// To the even neighbour.
    HalfEven,
}

fn round(call: Call<'_>, mode: Mode) -> Result<Typed> {
    let (called, nullable) = (call.called, call.any_nullable());
    let mut args = call.args.into_iter();
    let Some(value) = args.next() else { return Err(SparkError::internal("round without a value")) };
    let scale = args.next().unwrap_or_else(|| Typed::literal(0i32.into(), SparkType::Int, "0"));
    let name = call_name(called, &[value.clone(), scale.clone()]);
    let digits = match evaluate_constant(&scale.expr) {
        Ok(ScalarValue::Int32(digits)) => digits,
        _ => {
            return Err(SparkError::analysis(format!(
                "cannot resolve '{name}' due to data type mismatch: Only foldable Expression is allowed for scale arguments"
            )));
        }
    };
    let output = rounded_type(&value.data_type, digits.unwrap_or(0))?;
    let Some(digits) = digits else {
        let null = ScalarValue::try_from(&output.to_arrow())?;
        return Ok(Typed::new(Expr::Literal(null, None), output, true, name));
    };
    let kernel = Round { digits, mode, output: output.clone() };
    Ok(Typed::new(scalar::expr("spark_round", kernel, &output, vec![value.expr]), output, nullable, name))
}

/// Decimals keep their precision and lose fraction digits; all others keep their type.
fn rounded_type(from: &SparkType, digits: i32) -> Result<SparkType> {
    let SparkType::Decimal { precision, scale } = from else { return Ok(from.clone()) };
    let digits = u8::try_from(digits.min((*scale).into())).map_err(|_| {
        SparkError::analysis(format!(
            "Negative scale is not allowed: {digits}. You can use spark.sql.legacy.allowNegativeScaleOfDecimal=true to \
             enable legacy mode to allow it."
        ))
    })?;
    Ok(SparkType::decimal(*precision, digits))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Round {
    digits: i32,
    mode: Mode,
    output: SparkType,
}

impl Kernel for Round {
    fn run(&self, arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
        let [array] = arguments(arrays)?;
        match array.data_type() {
            DataType::Int8 => self.integers::<Int8Type>(array, |v| v as i8),
            DataType::Int16 => self.integers::<Int16Type>(array, |v| v as i16),
            DataType::Int32 => self.integers::<Int32Type>(array, |v| v as i32),
            DataType::Int64 => self.integers::<Int64Type>(array, |v| v as i64),
            DataType::Float32 => {
                let floats = array.as_primitive::<Float32Type>();
                kernel::shared(floats.unary::<_, Float32Type>(|v| match v.is_finite() {
                    // Spark widens the float, rounds the double's text and narrows the result.
                    true => round_double(v.into(), self.digits, self.mode) as f32,
                    false => v,
                }))
            }
            DataType::Float64 => {
                let doubles = array.as_primitive::<Float64Type>();
                kernel::shared(doubles.unary::<_, Float64Type>(|v| match v.is_finite() {
                    true => round_double(v, self.digits, self.mode),
                    false => v,
                }))
            }
            DataType::Decimal128(_, scale) => self.decimals(array.as_primitive(), *scale),
            other => datafusion::common::internal_err!("round does not take {other}"),
        }
    }
}

impl Round {
    fn integers<T>(&self, array: &ArrayRef, narrow: fn(i128) -> T::Native) -> DataFusionResult<ArrayRef>
    where
        T: ArrowPrimitiveType,
        T::Native: Into<i64>,
    {
        let Ok(zeros) = usize::try_from(-i64::from(self.digits)) else {
            return Ok(array.clone());
        };
        let unit = POWERS.get(zeros);
        let array: &PrimitiveArray<T> = array.as_primitive();
        kernel::shared(array.unary::<_, T>(|v| {
            let value = i128::from(v.into());
            narrow(unit.map_or(0, |unit| divide(value, *unit, self.mode).saturating_mul(*unit)))
        }))
    }

    fn decimals(&self, array: &Decimal128Array, from: i8) -> DataFusionResult<ArrayRef> {
        let SparkType::Decimal { precision, scale } = self.output else {
            return datafusion::common::internal_err!("a rounded decimal is a decimal");
        };
        let unit = usize::try_from(i16::from(from) - i16::from(scale)).ok().and_then(|cut| POWERS.get(cut));
        let unit = unit.copied().unwrap_or(1);
        let rounded = array.unary::<_, Decimal128Type>(|v| divide(v, unit, self.mode));
        kernel::shared(rounded.with_precision_and_scale(precision, scale as i8)?)
    }
}

/// The quotient, rounded; the divisor is a power of ten.
fn divide(value: i128, unit: i128, mode: Mode) -> i128 {
    let up = divide_half_up(value, unit);
    let in_the_middle = unit > 1 && (value % unit).unsigned_abs() * 2 == unit.unsigned_abs();
    match mode {
        Mode::HalfEven if in_the_middle && up % 2 != 0 => up - value.signum(),
        _ => up,
    }
}

/// Rounds a finite double by the digits that Java writes it with. Zero has no sign.
fn round_double(value: f64, digits: i32, mode: Mode) -> f64 {
    // A whole number below 2^53 and doubles that have fewer fraction digits than asked for stay as they are.
    if digits >= 0 && is_whole(value) || value == 0.0 {
        return value + 0.0;
    }
    if let Some(rounded) = round_far_from_middle(value, digits) {
        return rounded;
    }
    let Some((unscaled, exponent)) = decimal_digits(value) else { return value };
    let cut = -i64::from(digits) - exponent;
    let Ok(cut) = usize::try_from(cut) else { return value };
    let Some(unit) = POWERS.get(cut) else { return 0.0 };
    let rounded = divide(unscaled, *unit, mode);
    if rounded == 0 {
        return 0.0;
    }
    format!("{rounded}e{}", -i64::from(digits)).parse().unwrap_or(value)
}

/// The rounded value, without making its text, where the value is so far from the middle between two results that neither the
/// rounding of the product nor that of the text can lead to the other one.
fn round_far_from_middle(value: f64, digits: i32) -> Option<f64> {
    let unit = *EXACT_POWERS.get(digits.unsigned_abs() as usize)?;
    let scaled = if digits >= 0 { value * unit } else { value / unit };
    // One operation on exact numbers gives the double that is nearest to the decimal.
    let nearest = nearest_whole(scaled)?;
    let result = if digits >= 0 { nearest / unit } else { nearest * unit };
    (digits >= 0 || result.abs() < EXACT).then_some(result + 0.0)
}

/// The digits of `Double.toString` as a whole number, and the power of ten that it is to be multiplied with.
fn decimal_digits(value: f64) -> Option<(i128, i64)> {
    let text = double_to_string(value);
    let (mantissa, exponent) = match text.split_once('E') {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text.as_str(), 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let unscaled = format!("{whole}{fraction}").parse().ok()?;
    Some((unscaled, exponent - i64::try_from(fraction.len()).ok()?))
}

/// The smallest whole number that is not smaller, or the largest that is not larger: a bigint, of decimals a decimal.
fn whole(call: Call<'_>, shown: &str, up: bool) -> Result<Typed> {
    let (name, nullable) = (call_name(shown, &call.args), call.any_nullable());
    let [value] = call.take()?;
    let output = match &value.data_type {
        SparkType::Long => return Ok(Typed { nullable, name, ..value }),
        SparkType::Decimal { scale: 0, .. } => return Ok(Typed { nullable, name, ..value }),
        SparkType::Decimal { precision, scale } => {
            Digits { precision: i32::from(*precision) - i32::from(*scale) + 1, scale: 0 }.bounded()
        }
        _ => SparkType::Long,
    };
    let kernel = Whole { up, output: output.clone() };
    Ok(Typed::new(scalar::expr("spark_whole", kernel, &output, vec![value.expr]), output, nullable, name))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Whole {
    up: bool,
    output: SparkType,
}

impl Kernel for Whole {
    fn run(&self, arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
        let [array] = arguments(arrays)?;
        let (DataType::Decimal128(_, scale), SparkType::Decimal { precision, .. }) = (array.data_type(), &self.output)
        else {
            let doubles = array.as_primitive::<Float64Type>();
            // `as` saturates, and gives 0 for NaN, as the JVM does.
            return kernel::shared(
                doubles.unary::<_, Int64Type>(|v| if self.up { v.ceil() as i64 } else { v.floor() as i64 }),
            );
        };
        let unit = usize::try_from(*scale).ok().and_then(|scale| POWERS.get(scale)).copied().unwrap_or(1);
        let wholes = array.as_primitive::<Decimal128Type>().unary::<_, Decimal128Type>(|v| {
            let floor = v.div_euclid(unit);
            floor + i128::from(self.up && v.rem_euclid(unit) != 0)
        });
        kernel::shared(wholes.with_precision_and_scale(*precision, 0)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_rounded_by_their_text() {
        assert_eq!(round_double(1.005, 2, Mode::HalfUp), 1.01);
        assert_eq!(round_double(2.5, 0, Mode::HalfEven), 2.0);
        assert_eq!(round_double(-0.3, 0, Mode::HalfUp).to_bits(), 0.0f64.to_bits());
        assert_eq!(round_double(f64::MAX, -308, Mode::HalfUp), f64::INFINITY);
        assert_eq!(round_double(5e-324, 3, Mode::HalfUp), 0.0);
        assert_eq!(round_double(1e300, -400, Mode::HalfUp), 0.0);
        assert_eq!(round_double(1.5, 400, Mode::HalfUp), 1.5);
    }

    #[test]
    fn the_quick_way_gives_what_the_text_gives() {
        let mut state = 1u64;
        for _ in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let value = (state >> 11) as f64 / 1e9 - 1e6;
            for digits in [-3, -1, 0, 1, 2, 5, 9] {
                let Some(quick) = round_far_from_middle(value, digits) else { continue };
                let (unscaled, exponent) = decimal_digits(value).unwrap();
                let cut = usize::try_from(-i64::from(digits) - exponent).map_or(1, |cut| POWERS[cut]);
                let rounded = divide(unscaled, cut, Mode::HalfUp);
                let scale = if cut == 1 { exponent } else { -i64::from(digits) };
                assert_eq!(quick, format!("{rounded}e{scale}").parse::<f64>().unwrap(), "{value} {digits}");
            }
        }
        assert_eq!(round_far_from_middle(1.005, 2), None);
    }

    #[test]
    fn the_middle_goes_up_or_to_the_even_neighbour() {
        assert_eq!(divide(-25, 10, Mode::HalfUp), -3);
        assert_eq!(divide(-25, 10, Mode::HalfEven), -2);
        assert_eq!(divide(35, 10, Mode::HalfEven), 4);
        assert_eq!(divide(36, 10, Mode::HalfEven), 4);
    }
}
