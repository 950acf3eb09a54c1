//! Literals of the AST to a Spark type and a value, by Spark 3.2's rules for each suffix and type name.

use datafusion::scalar::ScalarValue;
use sqlparser::ast::{DataType, DateTimeField, Expr, Interval, Value};

use crate::datetime::zone::Zone;
use crate::datetime::{self, CalendarInterval};
use crate::error::{ErrorKind, Result, SparkError};
use crate::types::ddl::{day_time_field, year_month_field};
use crate::types::{MAX_PRECISION, SparkType};

/// A literal's type and value.
pub type Literal = (SparkType, ScalarValue);

/// The type and value of a number as the lexer leaves it, with sign and suffix: `-1`, `2S`, `1.0BD`, `1e3`.
///
/// Without a suffix an integer is an int, a bigint or a decimal, whichever is the first to hold it; a number with a point is a
/// decimal of the fewest digits, one with an exponent a double.
pub fn number(text: &str) -> Result<Literal> {
    let (body, suffix) = split_suffix(text);
    match suffix.as_str() {
        "" if is_exponential(body) => double(body, text),
        "" if body.contains('.') => decimal(body),
        "" => integer(body),
        "Y" => in_range(body.parse().ok(), text, "tinyint").map(|v| (SparkType::Byte, ScalarValue::Int8(Some(v)))),
        "S" => in_range(body.parse().ok(), text, "smallint").map(|v| (SparkType::Short, ScalarValue::Int16(Some(v)))),
        "L" => in_range(body.parse().ok(), text, "bigint").map(|v| (SparkType::Long, ScalarValue::Int64(Some(v)))),
        "F" => {
            let value = body.parse().ok().filter(|v: &f32| v.is_finite());
            in_range(value, text, "float").map(|v| (SparkType::Float, ScalarValue::Float32(Some(v))))
        }
        "D" => double(body, text),
        _ => decimal(body),
    }
}

fn split_suffix(text: &str) -> (&str, String) {
    let end =
        text.trim_end_matches(|c: char| matches!(c.to_ascii_uppercase(), 'Y' | 'S' | 'L' | 'F' | 'D' | 'B')).len();
    let (body, suffix) = text.split_at_checked(end).unwrap_or((text, ""));
    (body, suffix.to_ascii_uppercase())
}

fn is_exponential(body: &str) -> bool {
    body.contains(['e', 'E'])
}

fn integer(body: &str) -> Result<Literal> {
    if let Ok(value) = body.parse() {
        return Ok((SparkType::Int, ScalarValue::Int32(Some(value))));
    }
    match body.parse() {
        Ok(value) => Ok((SparkType::Long, ScalarValue::Int64(Some(value)))),
        Err(_) => decimal(body),
    }
}

fn double(body: &str, text: &str) -> Result<Literal> {
    let value = body.parse().ok().filter(|v: &f64| v.is_finite());
    in_range(value, text, "double").map(|v| (SparkType::Double, ScalarValue::Float64(Some(v))))
}

fn in_range<T>(value: Option<T>, text: &str, type_name: &str) -> Result<T> {
    value.ok_or_else(|| literal_error(format!("Numeric literal {text} does not fit in range of type {type_name}")))
}

/// A decimal with the digits it is written with, as Java's BigDecimal counts them.
fn decimal(body: &str) -> Result<Literal> {
    let too_long = || literal_error(format!("decimal can only support precision up to {MAX_PRECISION}: {body}"));
    let parts = DecimalText::read(body).ok_or_else(|| literal_error(format!("invalid number {body}")))?;
    let mut precision = parts.digits.len().max(1) as i64;
    let mut scale = parts.scale;
    let mut digits = parts.digits;
    if scale < 0 {
        // A positive exponent: decimals of Spark have no negative scale.
        if precision - scale > MAX_PRECISION.into() {
            return Err(too_long());
        }
        precision -= scale;
        digits.push_str(&"0".repeat(usize::try_from(-scale).unwrap_or(0)));
        scale = 0;
    }
    precision = precision.max(scale);
    if precision > MAX_PRECISION.into() {
        return Err(too_long());
    }
    let unscaled: i128 = if digits.is_empty() { 0 } else { digits.parse().map_err(|_| too_long())? };
    let unscaled = if parts.negative { -unscaled } else { unscaled };
    let (precision, scale) = (precision as u8, scale as u8);
    Ok((SparkType::decimal(precision, scale), ScalarValue::Decimal128(Some(unscaled), precision, scale as i8)))
}

/// A decimal number's parts; the value is `digits / 10^scale`.
pub(crate) struct DecimalText {
    pub(crate) negative: bool,
    /// Digits without leading zeros.
    pub(crate) digits: String,
    pub(crate) scale: i64,
}

impl DecimalText {
    /// Reads what Java's `new BigDecimal(String)` reads: `[+-]digits[.digits][e[+-]digits]`.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (negative, rest) = match (text.strip_prefix('-'), text.strip_prefix('+')) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => (false, text),
        };
        let (mantissa, exponent) = match rest.find(['e', 'E']) {
            Some(at) => {
                let exponent: i32 = rest.get(at + 1..)?.parse().ok()?;
                (rest.get(..at)?, i64::from(exponent))
            }
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() && fraction.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit())
        {
            return None;
        }
        let digits = format!("{whole}{fraction}").trim_start_matches('0').to_string();
        Some(Self { negative, digits, scale: fraction.len() as i64 - exponent })
    }
}

/// The value of a literal that the AST holds as [`Value`]: numbers, strings, booleans, NULL, `X'..'`.
pub fn value(value: &Value) -> Result<Literal> {
    match value {
        Value::Number(text, _) => number(text),
        Value::SingleQuotedString(text) => Ok((SparkType::String, ScalarValue::Utf8View(Some(text.clone())))),
        Value::Boolean(b) => Ok((SparkType::Boolean, ScalarValue::Boolean(Some(*b)))),
        Value::Null => Ok((SparkType::Void, ScalarValue::Null)),
        Value::HexStringLiteral(text) => binary(text),
        other => Err(SparkError::unsupported(format!("the literal {other}"))),
    }
}

/// `X'1F'`; an odd number of digits gets a zero in front.
fn binary(text: &str) -> Result<Literal> {
    let padded = if text.len() % 2 == 1 { format!("0{text}") } else { text.to_string() };
    let bytes: Option<Vec<u8>> = (0..padded.len() / 2)
        .map(|i| padded.get(2 * i..2 * i + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect();
    let bytes = bytes.ok_or_else(|| literal_error(format!("contains illegal character for hexBinary: {padded}")))?;
    Ok((SparkType::Binary, ScalarValue::BinaryView(Some(bytes))))
}

/// `DATE 'text'` and `TIMESTAMP 'text'`, special values such as `'today'` included. `now` is the query's current timestamp.
pub fn typed(data_type: &DataType, text: &str, zone: &Zone, now: i64) -> Result<Literal> {
    use datetime::parse;
    let fail = |name: &str| literal_error(format!("Cannot parse the {name} value: {text}"));
    match data_type {
        DataType::Date => {
            let days = parse::special_date(text, zone, now).or_else(|| parse::date(text));
            let days = days.ok_or_else(|| fail("DATE"))?;
            Ok((SparkType::Date, ScalarValue::Date32(Some(days))))
        }
        DataType::Timestamp(..) => {
            let micros = parse::special_timestamp(text, zone, now).or_else(|| parse::timestamp(text, zone, now));
            let micros = micros.ok_or_else(|| fail("TIMESTAMP"))?;
            Ok((SparkType::Timestamp, ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into()))))
        }
        other => Err(SparkError::unsupported(format!("literals of type {other}"))),
    }
}

/// An interval literal: of year-month type or of day-time type; Spark 3.2 refuses a mix.
pub fn interval(interval: &Interval) -> Result<Literal> {
    let Expr::Value(value) = interval.value.as_ref() else {
        return Err(SparkError::unsupported("interval literals with expressions"));
    };
    let Value::SingleQuotedString(text) = &value.value else {
        return Err(literal_error("The value of an interval literal must be a string"));
    };
    match (&interval.leading_field, &interval.last_field) {
        (Some(first), Some(last)) => ranged_interval(text, &field_name(first), &field_name(last)),
        _ => unit_interval(text),
    }
    .map_err(|e| e.at(value.span.start))
}

fn field_name(field: &DateTimeField) -> String {
    match field {
        DateTimeField::Custom(name) => name.value.clone(),
        other => other.to_string(),
    }
}

fn ranged_interval(text: &str, first: &str, last: &str) -> Result<Literal> {
    use datetime::interval as text_of;
    let unsupported = || literal_error(format!("Intervals FROM {first} TO {last} are not supported."));
    if let (Some(start), Some(end)) = (year_month_field(first), year_month_field(last)) {
        if start >= end {
            return Err(unsupported());
        }
        let months = text_of::year_month(text, start, end).map_err(in_literal)?;
        let months = ScalarValue::IntervalYearMonth(Some(months));
        return Ok((SparkType::YearMonthInterval { start, end }, months));
    }
    match (day_time_field(first), day_time_field(last)) {
        (Some(start), Some(end)) if start < end => {
            let micros = text_of::day_time(text, start, end).map_err(in_literal)?;
            Ok((SparkType::DayTimeInterval { start, end }, ScalarValue::DurationMicrosecond(Some(micros))))
        }
        _ => Err(unsupported()),
    }
}

/// What is wrong with a literal is an error of the statement's text, except for an overflow.
fn in_literal(error: SparkError) -> SparkError {
    if error.kind == ErrorKind::Arithmetic { error } else { literal_error(error.message) }
}

fn unit_interval(text: &str) -> Result<Literal> {
    let CalendarInterval { months, days, micros } =
        datetime::interval::calendar(text).map_err(|e| literal_error(e.0))?;
    let lower = text.to_lowercase();
    let words = lower.split_whitespace().filter(|w| *w != "interval" && w.bytes().all(|b| b.is_ascii_lowercase()));
    match datetime::interval::type_of_units(words) {
        Some(t @ SparkType::YearMonthInterval { .. }) => Ok((t, ScalarValue::IntervalYearMonth(Some(months)))),
        Some(t) => {
            let total = i64::from(days).checked_mul(datetime::MICROS_PER_DAY).and_then(|d| d.checked_add(micros));
            let total = total.ok_or_else(|| literal_error(format!("the interval '{text}' is out of range")))?;
            Ok((t, ScalarValue::DurationMicrosecond(Some(total))))
        }
        None => Err(literal_error(format!("Cannot mix year-month and day-time fields: {text}"))),
    }
}

fn literal_error(message: impl Into<String>) -> SparkError {
    SparkError::new(ErrorKind::Parse, message)
}

/// The NULL of a type as it stands in plans.
pub fn null_of(t: &SparkType) -> Result<ScalarValue> {
    ScalarValue::try_from(&t.to_arrow()).map_err(SparkError::from)
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{IntervalUnit, TimeUnit};

    use super::*;

    fn shown(text: &str) -> String {
        match number(text) {
            Ok((t, v)) => format!("{t} {v}"),
            Err(e) => format!("error {}", e.message),
        }
    }

    #[test]
    fn integers_take_the_first_type_that_holds_them() {
        assert_eq!(shown("1"), "int 1");
        assert_eq!(shown("-2147483648"), "int -2147483648");
        assert_eq!(shown("2147483648"), "bigint 2147483648");
        assert_eq!(shown("-9223372036854775808"), "bigint -9223372036854775808");
        assert!(shown("99999999999999999999").starts_with("decimal(20,0)"));
        assert!(shown(&"9".repeat(39)).starts_with("error"));
    }

    #[test]
    fn decimals_have_the_fewest_digits() {
        for (text, expected) in [
            ("1.0", "decimal(2,1)"),
            ("0.0", "decimal(1,1)"),
            (".05", "decimal(2,2)"),
            ("007.50", "decimal(3,2)"),
            ("5.", "decimal(1,0)"),
            ("1.23e-5BD", "decimal(7,7)"),
            ("1e3bd", "decimal(4,0)"),
            ("12BD", "decimal(2,0)"),
        ] {
            assert_eq!(number(text).unwrap().0.catalog_string(), expected, "{text}");
        }
        assert_eq!(number("-1.50").unwrap().1, ScalarValue::Decimal128(Some(-150), 3, 2));
    }

    #[test]
    fn suffixes_name_the_type_and_check_its_range() {
        assert_eq!(shown("1L"), "bigint 1");
        assert_eq!(shown("127y"), "tinyint 127");
        assert!(shown("128Y").starts_with("error Numeric literal 128Y"));
        assert_eq!(shown("1e3"), "double 1000");
        assert_eq!(shown("1.5D"), "double 1.5");
        assert!(shown("1e400").starts_with("error"));
        assert_eq!(shown("2.5f"), "float 2.5");
    }

    #[test]
    fn hexadecimal_literals_are_padded() {
        assert_eq!(
            value(&Value::HexStringLiteral("1FF".into())).unwrap().1,
            ScalarValue::BinaryView(Some(vec![1, 0xff]))
        );
        assert!(value(&Value::HexStringLiteral("zz".into())).is_err());
    }

    fn interval_of(sql: &str) -> String {
        let query = crate::parse::parse_query(&format!("select {sql}")).unwrap();
        let sqlparser::ast::SetExpr::Select(select) = *query.body else { panic!() };
        let sqlparser::ast::SelectItem::UnnamedExpr(Expr::Interval(found)) = &select.projection[0] else { panic!() };
        match interval(found) {
            Ok((t, ScalarValue::IntervalYearMonth(Some(m)))) => format!("{t} {m}"),
            Ok((t, ScalarValue::DurationMicrosecond(Some(m)))) => format!("{t} {m}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn intervals_have_the_type_of_their_units() {
        assert_eq!(interval_of("interval '3' month"), "interval month 3");
        assert_eq!(interval_of("interval 1 year 2 months"), "interval year to month 14");
        assert_eq!(interval_of("interval '90' day"), "interval day 7776000000000");
        assert_eq!(interval_of("interval '1 week 2 hours'"), "interval day to hour 612000000000");
        assert_eq!(interval_of("interval '1 02' day to hour"), "interval day to hour 93600000000");
        assert!(interval_of("interval 1 month 1 day").contains("Cannot mix"));
    }

    #[test]
    fn typed_literals_take_special_values() {
        let day = |text| typed(&DataType::Date, text, &Zone::UTC, 86_400_000_000).map(|l| l.1);
        assert_eq!(day("1970-01-03"), Ok(ScalarValue::Date32(Some(2))));
        assert_eq!(day("today"), Ok(ScalarValue::Date32(Some(1))));
        assert!(day("2020-13-01").is_err());
    }

    #[test]
    fn nulls_have_the_type_of_plans() {
        let null = null_of(&SparkType::String).unwrap();
        assert_eq!(null, ScalarValue::Utf8View(None));
        assert_eq!(
            null_of(&SparkType::CalendarInterval).unwrap().data_type(),
            arrow::datatypes::DataType::Interval(IntervalUnit::MonthDayNano)
        );
        assert_eq!(
            null_of(&SparkType::DayTimeInterval {
                start: crate::types::DayTimeField::Day,
                end: crate::types::DayTimeField::Day
            })
            .unwrap()
            .data_type(),
            arrow::datatypes::DataType::Duration(TimeUnit::Microsecond)
        );
    }
}
