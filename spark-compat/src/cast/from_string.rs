//! Casts of strings and binaries: what Spark reads, and NULL for all else.

use arrow::array::{
    ArrayRef, ArrowPrimitiveType, BinaryViewArray, BooleanArray, Decimal128Array, PrimitiveArray, StringViewArray,
    StringViewBuilder, TimestampMicrosecondArray,
};
use arrow::datatypes::{
    Date32Type, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, IntervalMonthDayNanoType, IntervalYearMonthType, TimestampMicrosecondType, i256,
};
use datafusion::common::Result as DataFusionResult;

use crate::arithmetic::decimal_math::{narrow, power, rescale_256};
use crate::datetime::zone::Zone;
use crate::datetime::{interval, parse};
use crate::error::{ErrorKind, Result, SparkError};
use crate::kernel;
use crate::parse::literal::DecimalText;
use crate::types::SparkType;

pub(super) fn cast(array: &StringViewArray, to: &SparkType, zone: Zone) -> DataFusionResult<ArrayRef> {
    match to {
        SparkType::Boolean => {
            kernel::shared(array.iter().map(|text| text.and_then(parse_boolean)).collect::<BooleanArray>())
        }
        SparkType::Byte => each::<Int8Type>(array, |text| parse_int(text).and_then(|v| v.try_into().ok())),
        SparkType::Short => each::<Int16Type>(array, |text| parse_int(text).and_then(|v| v.try_into().ok())),
        SparkType::Int => each::<Int32Type>(array, |text| parse_int(text).and_then(|v| v.try_into().ok())),
        SparkType::Long => each::<Int64Type>(array, parse_int),
        SparkType::Float => each::<Float32Type>(array, parse_float),
        SparkType::Double => each::<Float64Type>(array, parse_double),
        SparkType::Decimal { precision, scale } => {
            let parsed = array.iter().map(|text| text.and_then(|t| parse_decimal(java_trim(t), *precision, *scale)));
            let decimals: Decimal128Array = parsed.collect::<PrimitiveArray<Decimal128Type>>();
            kernel::shared(decimals.with_precision_and_scale(*precision, *scale as i8)?)
        }
        SparkType::Date => each::<Date32Type>(array, parse::date),
        SparkType::Timestamp => {
            let now = chrono::Utc::now().timestamp_micros();
            let parsed = array.iter().map(|text| text.and_then(|t| parse::timestamp(t, &zone, now)));
            let micros: TimestampMicrosecondArray = parsed.collect::<PrimitiveArray<TimestampMicrosecondType>>();
            kernel::shared(micros.with_timezone("UTC"))
        }
        SparkType::CalendarInterval => {
            try_each::<IntervalMonthDayNanoType>(array, |text| match interval::calendar(text) {
                Ok(found) => found.to_arrow().map(Some),
                Err(_) => Ok(None),
            })
        }
        // Unlike other texts, one that is no such interval is an error.
        SparkType::YearMonthInterval { start, end } => {
            try_each::<IntervalYearMonthType>(array, |text| interval::year_month(text, *start, *end).map(Some))
        }
        SparkType::DayTimeInterval { start, end } => {
            try_each::<DurationMicrosecondType>(array, |text| interval::day_time(text, *start, *end).map(Some))
        }
        _ => super::no_kernel(&SparkType::String, to),
    }
}

/// A binary is taken for UTF-8. Spark's strings also hold what is none, Arrow's do not: replacement characters would make
/// strings equal that differ, so such bytes are an error.
pub(super) fn from_binary(array: &BinaryViewArray, to: &SparkType) -> DataFusionResult<ArrayRef> {
    if *to != SparkType::String {
        return super::no_kernel(&SparkType::Binary, to);
    }
    let mut texts = StringViewBuilder::with_capacity(arrow::array::Array::len(array));
    for value in array {
        match value.map(std::str::from_utf8) {
            Some(Ok(text)) => texts.append_value(text),
            Some(Err(_)) => {
                return Err(SparkError::new(
                    ErrorKind::Unsupported,
                    "a binary that is not UTF-8 can't become a string here: decode(binary, 'UTF-8') replaces what is broken, \
                     hex(binary) keeps it",
                )
                .into());
            }
            None => texts.append_null(),
        }
    }
    kernel::shared(texts.finish())
}

fn each<T: ArrowPrimitiveType>(
    array: &StringViewArray,
    parse: impl Fn(&str) -> Option<T::Native>,
) -> DataFusionResult<ArrayRef> {
    kernel::shared(array.iter().map(|text| text.and_then(&parse)).collect::<PrimitiveArray<T>>())
}

fn try_each<T: ArrowPrimitiveType>(
    array: &StringViewArray,
    parse: impl Fn(&str) -> Result<Option<T::Native>>,
) -> DataFusionResult<ArrayRef> {
    let parsed = array.iter().map(|text| text.map_or(Ok(None), &parse));
    kernel::shared(parsed.collect::<Result<PrimitiveArray<T>>>()?)
}

/// `StringUtils.isTrueString` and `isFalseString`.
pub(crate) fn parse_boolean(text: &str) -> Option<bool> {
    match parse::trim_all(text).to_ascii_lowercase().as_str() {
        "t" | "true" | "y" | "yes" | "1" => Some(true),
        "f" | "false" | "n" | "no" | "0" => Some(false),
        _ => None,
    }
}

/// `UTF8String.toLong`: digits with an optional sign; a fraction is checked and cut off.
pub(crate) fn parse_int(text: &str) -> Option<i64> {
    let bytes = parse::trim_all(text).as_bytes();
    let (negative, digits) = match bytes.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, bytes),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value = 0i64;
    let mut rest = digits.iter();
    for b in rest.by_ref() {
        if *b == b'.' {
            break;
        }
        let digit = i64::from(b.is_ascii_digit().then(|| b - b'0')?);
        value = value.checked_mul(10)?.checked_sub(digit)?;
    }
    if !rest.all(u8::is_ascii_digit) {
        return None;
    }
    if negative { Some(value) } else { value.checked_neg() }
}

/// `Double.parseDouble`, and Spark's own names for infinity and NaN in any case.
pub(crate) fn parse_double(text: &str) -> Option<f64> {
    read_float(text, f64::INFINITY, f64::NAN, hexadecimal)
}

pub(crate) fn parse_float(text: &str) -> Option<f32> {
    read_float(text, f32::INFINITY, f32::NAN, |t| hexadecimal(t).map(|v| v as f32))
}

fn read_float<F>(text: &str, infinity: F, nan: F, hexadecimal: impl Fn(&str) -> Option<F>) -> Option<F>
where
    F: std::str::FromStr + std::ops::Neg<Output = F>,
{
    let text = java_trim(text);
    let number = text.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(text);
    if is_decimal_number(number) {
        return number.parse().ok();
    }
    match text.to_ascii_lowercase().as_str() {
        "inf" | "+inf" | "infinity" | "+infinity" => return Some(infinity),
        "-inf" | "-infinity" => return Some(-infinity),
        "nan" => return Some(nan),
        _ => {}
    }
    if matches!(text, "+NaN" | "-NaN") {
        return Some(nan);
    }
    hexadecimal(text)
}

/// `[+-] (digits [. digits*] | . digits) [e [+-] digits]`
fn is_decimal_number(text: &str) -> bool {
    let behind_sign = |text: &[u8]| usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (_, text) = text.as_bytes().split_at(behind_sign(text.as_bytes()));
    let (whole, rest) = text.split_at(digits(text));
    let (fraction, rest) = match rest {
        [b'.', rest @ ..] => rest.split_at(digits(rest)),
        _ => (&[][..], rest),
    };
    let exponent_ok = match rest {
        [] => true,
        [b'e' | b'E', exponent @ ..] => {
            let (_, exponent) = exponent.split_at(behind_sign(exponent));
            !exponent.is_empty() && digits(exponent) == exponent.len()
        }
        _ => false,
    };
    exponent_ok && !(whole.is_empty() && fraction.is_empty())
}

/// Java's hexadecimal floats, `0x1.8p3`; digits beyond a double's 53 bits are cut, not rounded.
fn hexadecimal(text: &str) -> Option<f64> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let rest = rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X"))?;
    let rest = rest.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(rest);
    let (mantissa, exponent) = rest.split_once(['p', 'P'])?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut exponent: i32 = exponent.parse().ok()?;
    let mut value = 0u64;
    for (at, c) in whole.chars().chain(fraction.chars()).enumerate() {
        let digit = u64::from(c.to_digit(16)?);
        let behind_point = at >= whole.len();
        if value < 1 << 59 {
            value = value << 4 | digit;
            exponent = exponent.checked_sub(if behind_point { 4 } else { 0 })?;
        } else {
            exponent = exponent.checked_add(if behind_point { 0 } else { 4 })?;
        }
    }
    let magnitude = value as f64 * 2f64.powi(exponent);
    Some(if negative { -magnitude } else { magnitude })
}

/// `new BigDecimal(text)` rounded half up to the scale; NULL if that has more than `precision` digits.
pub(crate) fn parse_decimal(text: &str, precision: u8, scale: u8) -> Option<i128> {
    let DecimalText { negative, digits, scale: own_scale } = DecimalText::read(text)?;
    // Spark gives up on more integer digits than a decimal has before it builds one.
    if digits.len().max(1) as i64 - own_scale > 38 {
        return None;
    }
    if digits.is_empty() {
        return Some(0);
    }
    let value = if own_scale < 0 {
        let value = i256::from_string(&digits)?.checked_mul(power(u32::try_from(-own_scale).ok()?)?)?;
        rescale_256(value, 0, scale.into(), precision)?
    } else {
        // Digits beyond 76 cannot change the rounding at 38 digits, except that they make the rest longer than a half.
        let (kept, own_scale) = shortened(&digits, own_scale);
        let value = i256::from_string(&kept)?;
        match u32::try_from(own_scale) {
            Ok(own_scale) if own_scale <= u32::from(scale) + 76 => {
                rescale_256(value, own_scale, scale.into(), precision).or_else(|| tiny(value, own_scale, scale))?
            }
            _ => 0,
        }
    };
    Some(if negative { -value } else { value })
}

/// Cuts a long number to the digits that decide its rounding, the last one made odd if anything but zeros is cut.
fn shortened(digits: &str, scale: i64) -> (String, i64) {
    const KEPT: usize = 75;
    if digits.len() <= KEPT {
        return (digits.to_string(), scale);
    }
    let (kept, cut) = digits.split_at(KEPT);
    let sticky = if cut.bytes().any(|b| b != b'0') { "1" } else { "0" };
    (format!("{kept}{sticky}"), scale - (digits.len() - KEPT) as i64 + 1)
}

/// Zero, where the number has more fraction digits than 256 bits can divide by and is far below half a unit.
fn tiny(value: i256, own_scale: u32, scale: u8) -> Option<i128> {
    (own_scale > u32::from(scale) + 76 && narrow(value, 38).is_some()).then_some(0)
}

/// `String.trim`: everything up to the blank.
fn java_trim(text: &str) -> &str {
    text.trim_matches(|c: char| c <= ' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_with_their_fraction_cut_off() {
        let cases = [
            ("1.5", Some(1)),
            ("-1.9", Some(-1)),
            ("1.", Some(1)),
            (".5", Some(0)),
            ("", None),
            ("+5", Some(5)),
            ("+", None),
            ("-", None),
            ("1.a", None),
            ("1 2", None),
            ("\t7\n", Some(7)),
            ("1L", None),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("1.5e3", None),
            ("--1", None),
            ("1.2.3", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_int(text), expected, "{text:?}");
        }
    }

    #[test]
    fn doubles_are_read_as_java_reads_them() {
        let cases = [
            ("1.5", Some(1.5)),
            ("inf", Some(f64::INFINITY)),
            ("+infinity", Some(f64::INFINITY)),
            ("-Infinity", Some(f64::NEG_INFINITY)),
            ("-nan", None),
            ("1d", Some(1.0)),
            ("1.5f", Some(1.5)),
            ("1e400", Some(f64::INFINITY)),
            ("0x1p3", Some(8.0)),
            ("-0x1.8p1", Some(-3.0)),
            (" 1.5 ", Some(1.5)),
            ("1,5", None),
            ("", None),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            ("1e", None),
            ("1_0", None),
            ("1.5L", None),
            ("infin", None),
            (".", None),
            ("e5", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_double(text), expected, "{text:?}");
        }
        assert!(parse_double("NaN").is_some_and(f64::is_nan));
        assert_eq!(parse_float("16777217"), Some(16_777_216.0));
    }

    #[test]
    fn decimals_are_rounded_half_up_and_null_beyond_their_precision() {
        let ten_two = |text| parse_decimal(text, 10, 2);
        let cases = [
            ("1.5", Some(150)),
            ("1.555", Some(156)),
            ("-1.555", Some(-156)),
            ("1e3", Some(100_000)),
            ("123456789.123", None),
            ("", None),
            ("abc", None),
            ("1e-3", Some(0)),
            (".5", Some(50)),
            ("5.", Some(500)),
            ("+5", Some(500)),
            ("1d", None),
            ("1e1000000", None),
            ("1e-1000000", Some(0)),
            ("0e1000000", None),
            ("0.00500000000000000000000000000000000000000000000000000000000000000000000000000000001", Some(1)),
            ("0.00499999999999999999999999999999999999999999999999999999999999999999999999999999999", Some(0)),
        ];
        for (text, expected) in cases {
            assert_eq!(ten_two(text), expected, "{text:?}");
        }
        let nines = 10i128.pow(38) - 1;
        assert_eq!(parse_decimal(&format!("{nines}.4"), 38, 0), Some(nines));
        assert_eq!(parse_decimal(&format!("{nines}.5"), 38, 0), None);
        assert_eq!(parse_decimal("1e40", 38, 0), None);
    }

    #[test]
    fn booleans_have_their_words() {
        assert_eq!(parse_boolean(" TRUE "), Some(true));
        assert_eq!(parse_boolean("n"), Some(false));
        assert_eq!(parse_boolean("on"), None);
    }
}
