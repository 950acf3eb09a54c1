//! `format_number`: Java's `DecimalFormat` in the locale en-US, rounding half even.
//!
//! Of the patterns those are supported that have a prefix, digits with or without groups, a fraction, a suffix, `%`, and a second
//! part for negative numbers; exponents are not.

use std::cmp::Ordering;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes as arrow_types;
use arrow::datatypes::{DataType, Int32Type};
use datafusion::common::Result as DataFusionResult;

use super::arguments::{Arity, Input};
use super::digits::Digits;
use super::scalar::{self, arguments};
use super::{Call, Function, Support, text};
use crate::error::{Result, SparkError};
use crate::resolver::Typed;
use crate::types::SparkType;

pub(super) const FUNCTIONS: &[Function] =
    &[Function::scalar("format_number", Arity::Exactly(2), &[Input::Any], format_number)
        .with_support(Support::Partial("not patterns with an exponent, nor with a currency"))];

/// The number must be one; Spark does not cast strings here.
fn format_number(call: Call<'_>) -> Result<Typed> {
    let (name, zone) = (call.name(), call.zone);
    let refused = |at: usize, required: &str, arg: &Typed| {
        SparkError::analysis(format!(
            "cannot resolve '{name}' due to data type mismatch: argument {at} requires {required} type, however, '{}' is of {} \
             type.",
            arg.name, arg.data_type
        ))
    };
    let [number, format] = call.take()?;
    let number = match &number.data_type {
        SparkType::Void => number.coerced(&SparkType::Double, zone)?,
        numeric if numeric.is_numeric() => number,
        _ => return Err(refused(1, "numeric", &number)),
    };
    let format = match &format.data_type {
        SparkType::Int | SparkType::String => format,
        SparkType::Void => format.coerced(&SparkType::Int, zone)?,
        _ => return Err(refused(2, "(int or string)", &format)),
    };
    let kernel = if format.data_type == SparkType::Int { "spark_format_number" } else { "spark_format_number_pattern" };
    let args = vec![number.expr, format.expr];
    Ok(Typed::new(scalar::plain(kernel, formatted, &SparkType::String, args), SparkType::String, true, name))
}

fn formatted(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [numbers, formats] = arguments(arrays)?;
    let mut known: Option<(&str, Format)> = None;
    text::rows(arrays, |row, out| {
        let number = Number::of(numbers, row)?;
        if formats.data_type() == &DataType::Int32 {
            let Ok(places) = usize::try_from(formats.as_primitive::<Int32Type>().value(row)) else { return Ok(false) };
            // As many as Java allows for numbers other than decimals.
            let exact = matches!(numbers.data_type(), DataType::Decimal128(..));
            let places = if exact { places } else { places.min(340) };
            text::check_size(places)?;
            Format::with_places(places as i64).write(&number, out);
            return Ok(true);
        }
        let pattern = formats.as_string_view().value(row);
        if known.as_ref().is_none_or(|(known, _)| *known != pattern) {
            known = Some((pattern, Format::parse(pattern)?));
        }
        if let Some((_, format)) = &known {
            format.write(&number, out);
        }
        Ok(true)
    })
}

/// A number to be written.
enum Number {
    Double(f64),
    /// Whether it is negative, and its digits.
    Exact(bool, Digits),
}

impl Number {
    fn of(array: &ArrayRef, row: usize) -> Result<Self> {
        let integer = |value: i64| Self::Exact(value < 0, Digits::of_decimal(value.unsigned_abs().into(), 0));
        Ok(match array.data_type() {
            DataType::Int8 => integer(array.as_primitive::<arrow_types::Int8Type>().value(row).into()),
            DataType::Int16 => integer(array.as_primitive::<arrow_types::Int16Type>().value(row).into()),
            DataType::Int32 => integer(array.as_primitive::<arrow_types::Int32Type>().value(row).into()),
            DataType::Int64 => integer(array.as_primitive::<arrow_types::Int64Type>().value(row)),
            DataType::Float32 => Self::Double(array.as_primitive::<arrow_types::Float32Type>().value(row).into()),
            DataType::Float64 => Self::Double(array.as_primitive::<arrow_types::Float64Type>().value(row)),
            DataType::Decimal128(_, scale) => {
                let value = array.as_primitive::<arrow_types::Decimal128Type>().value(row);
                Self::Exact(value < 0, Digits::of_decimal(value.unsigned_abs(), (*scale).into()))
            }
            other => return Err(SparkError::internal(format!("format_number does not take {other}"))),
        })
    }
}

/// A read pattern.
#[derive(Debug, PartialEq, Eq)]
struct Format {
    prefix: String,
    suffix: String,
    negative: Option<(String, String)>,
    least_whole: i64,
    least_fraction: i64,
    most_fraction: i64,
    group: i64,
    /// Powers of ten that `%` and `‰` multiply with.
    shift: i64,
}

impl Format {
    /// `#,###,###,###,###,###,##0` with so many places.
    fn with_places(places: i64) -> Self {
        Self {
            prefix: String::new(),
            suffix: String::new(),
            negative: None,
            least_whole: 1,
            least_fraction: places,
            most_fraction: places,
            group: 3,
            shift: 0,
        }
    }

    /// Reads a pattern. An empty one is as `#,###`.
    fn parse(pattern: &str) -> Result<Self> {
        let unsupported = || SparkError::unsupported(format!("the number format '{pattern}'"));
        if pattern.contains(['\'', '¤']) {
            return Err(unsupported());
        }
        if pattern.is_empty() {
            return Ok(Self { least_fraction: 0, most_fraction: 0, ..Self::with_places(0) });
        }
        let (positive, negative) = match pattern.split_once(';') {
            Some((positive, negative)) => (positive, Some(negative)),
            None => (pattern, None),
        };
        let (prefix, number, suffix) = parts(positive);
        if suffix.starts_with('E') || suffix.contains(['#', '0', ',', '.']) || number.ends_with([',', '.']) {
            return Err(unsupported());
        }
        let negative = match negative {
            None | Some("") => None,
            Some(negative) => {
                let (prefix, _, suffix) = parts(negative);
                Some((prefix.to_string(), suffix.to_string()))
            }
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let group = whole.rsplit_once(',').map_or(0, |(_, last)| last.len() as i64);
        let least = whole.chars().filter(|c| *c == '0').count() as i64;
        let zeros = fraction.chars().take_while(|c| *c == '0').count();
        let valid_whole = whole.trim_start_matches(['#', ',']).chars().all(|c| c == '0' || c == ',');
        if !valid_whole || !fraction.get(zeros..).unwrap_or_default().chars().all(|c| c == '#') || whole.is_empty() {
            return Err(unsupported());
        }
        let percent = prefix.contains('%') || suffix.contains('%');
        let permille = prefix.contains('‰') || suffix.contains('‰');
        Ok(Self {
            prefix: prefix.into(),
            suffix: suffix.into(),
            negative,
            // Where no digit must stand one before the point must: `#` of 0 is "0".
            least_whole: if least == 0 && zeros == 0 { 1 } else { least },
            least_fraction: zeros as i64,
            most_fraction: fraction.len() as i64,
            group,
            shift: if permille {
                3
            } else if percent {
                2
            } else {
                0
            },
        })
    }

    fn write(&self, number: &Number, out: &mut String) {
        let (negative, digits) = match number {
            Number::Double(value) if value.is_nan() => return out.push_str("NaN"),
            Number::Double(value) if value.is_infinite() => (value.is_sign_negative(), None),
            Number::Double(value) => (value.is_sign_negative(), Some(self.rounded_double(*value))),
            Number::Exact(negative, digits) => {
                let mut digits = digits.clone();
                digits.point += self.shift;
                let keep = digits.point + self.most_fraction;
                (*negative, Some(digits.half_even(keep, Ordering::Equal)))
            }
        };
        let (sign, prefix, suffix) = match (&self.negative, negative) {
            (Some((prefix, suffix)), true) => ("", prefix, suffix),
            (None, true) => ("-", &self.prefix, &self.suffix),
            _ => ("", &self.prefix, &self.suffix),
        };
        out.push_str(sign);
        out.push_str(prefix);
        match digits {
            None => out.push('∞'),
            Some(digits) => {
                digits.write_whole(out, self.least_whole, self.group);
                let used = digits.digits.len() as i64 - digits.point;
                let fraction = used.clamp(self.least_fraction, self.most_fraction.max(self.least_fraction));
                if fraction > 0 {
                    out.push('.');
                    digits.write_fraction(out, fraction);
                }
            }
        }
        out.push_str(suffix);
    }

    /// Rounds by the digits of the double's text; a tie of these is decided by the double itself, which may lie beside it.
    fn rounded_double(&self, value: f64) -> Digits {
        let value = if self.shift > 0 { value * 10f64.powi(self.shift as i32) } else { value };
        if value.is_infinite() {
            return Digits::default();
        }
        let digits = Digits::of_double(value);
        let keep = digits.point + self.most_fraction;
        let tie = match usize::try_from(keep) {
            Ok(kept) if digits.digits.len() == kept + 1 => compare_exactly(value.abs(), &digits),
            _ => Ordering::Equal,
        };
        digits.half_even(keep, tie)
    }
}

/// How the double compares with the number of its shortest digits.
fn compare_exactly(value: f64, digits: &Digits) -> Ordering {
    // 1,074 places hold every double exactly.
    let places = digits.digits.len() as i64 - digits.point;
    if places <= 0 {
        return Ordering::Equal;
    }
    let exact = format!("{value:.1074}");
    let (whole, fraction) = exact.split_once('.').unwrap_or((&exact, ""));
    let shown = |place: i64| b'0' + digits.at(place);
    let whole_length = whole.len() as i64;
    for (at, digit) in whole.bytes().chain(fraction.bytes()).enumerate() {
        let place = whole_length - 1 - at as i64;
        match digit.cmp(&shown(place)) {
            Ordering::Equal => {}
            other => return other,
        }
    }
    Ordering::Equal
}

/// What stands before, in and behind the digits of a pattern.
fn parts(pattern: &str) -> (&str, &str, &str) {
    let of_number = |c: char| matches!(c, '#' | '0' | ',' | '.');
    let start = pattern.find(of_number).unwrap_or(pattern.len());
    let (prefix, rest) = pattern.split_at(start);
    let end = rest.find(|c| !of_number(c)).unwrap_or(rest.len());
    let (number, suffix) = rest.split_at(end);
    (prefix, number, suffix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(pattern: &str, value: f64) -> String {
        let mut out = String::new();
        Format::parse(pattern).unwrap().write(&Number::Double(value), &mut out);
        out
    }

    #[test]
    fn ties_are_decided_by_the_exact_value() {
        assert_eq!(format("0.00", 1.005), "1.00");
        assert_eq!(format("0.00", 0.125), "0.12");
        assert_eq!(format("0.00", 0.375), "0.38");
        assert_eq!(format("0.0", 1.35), "1.4");
        assert_eq!(format("0", 2.5), "2");
    }

    #[test]
    fn patterns_have_groups_prefixes_and_a_negative_part() {
        assert_eq!(format("#,##0.00;(#,##0.00)", -1234.567), "(1,234.57)");
        assert_eq!(format("$#,##0.##", 1234567.5), "$1,234,567.5");
        assert_eq!(format("#.##%", 0.125), "12.5%");
        assert_eq!(format("000", 5.0), "005");
        assert!(Format::parse("0.###E0").is_err());
    }
}
