//! Strings to intervals: `1 year -2 days`, and the ANSI forms such as `1-2` and `1 02:03:04.5`.

use super::{CalendarInterval, MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND};
use crate::datetime::parse::trim_all;
use crate::error::{Result, SparkError};
use crate::types::{DayTimeField, SparkType, YearMonthField};

/// Why a string is no interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntervalError(pub String);

/// Reads a list of amounts and units, optionally behind the word `interval` (Spark's `IntervalUtils.stringToInterval`).
///
/// Only seconds may have a fraction, of at most nine digits of which six count.
pub fn calendar(text: &str) -> Result<CalendarInterval, IntervalError> {
    let error = |why: &str| IntervalError(format!("Error parsing '{text}' to interval, {why}"));
    let fail = |why: &str| Err(error(why));
    let lower = trim_all(text).to_lowercase();
    let mut rest = lower.as_str();
    if let Some(behind) = rest.strip_prefix("interval") {
        if behind.is_empty() {
            return fail("interval string cannot be empty");
        }
        if !behind.starts_with(is_blank) {
            return fail("invalid interval prefix");
        }
        rest = behind;
    }
    let mut interval = CalendarInterval::default();
    let mut found = false;
    loop {
        rest = rest.trim_start_matches(is_blank);
        if rest.is_empty() {
            break;
        }
        let (amount, behind) = amount(rest).map_err(|why| error(&why))?;
        rest = behind.trim_start_matches(is_blank);
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let (word, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if word.is_empty() && behind.is_empty() {
            return fail("expect a unit name but hit the end of the string");
        }
        if !(behind.is_empty() || behind.starts_with(is_blank)) {
            return fail(&format!("invalid unit '{rest}'"));
        }
        interval = match add(interval, &amount, word) {
            Some(sum) => sum,
            None if amount.has_point && !is_second(word) => {
                return fail(&format!("'{word}' cannot have fractional part"));
            }
            None if !is_unit(word) => return fail(&format!("invalid unit '{word}'")),
            None => return fail("the value is out of range"),
        };
        rest = behind;
        found = true;
    }
    if found { Ok(interval) } else { fail("interval string cannot be empty") }
}

struct Amount {
    value: i64,
    /// Microseconds of the fraction, with the sign of the value.
    fraction: i64,
    has_point: bool,
}

fn amount(text: &str) -> Result<(Amount, &str), String> {
    let (negative, rest) = match (text.strip_prefix('-'), text.strip_prefix('+')) {
        (Some(rest), _) => (true, rest.trim_start_matches(is_blank)),
        (_, Some(rest)) => (false, rest.trim_start_matches(is_blank)),
        _ => (false, text),
    };
    let unrecognized = || format!("unrecognized number '{}'", text.split(is_blank).next().unwrap_or_default());
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (whole, rest) = rest.split_at_checked(digits(rest)).unwrap_or(("", rest));
    let (fraction, rest, has_point) = match rest.strip_prefix('.') {
        Some(behind) => {
            let (fraction, rest) = behind.split_at_checked(digits(behind)).unwrap_or(("", behind));
            (fraction, rest, true)
        }
        None => ("", rest, false),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(unrecognized());
    }
    if fraction.len() > 9 {
        return Err(format!("interval can only support nanosecond precision, '{fraction}' is out of range"));
    }
    if !(rest.is_empty() || rest.starts_with(is_blank)) {
        return Err(format!("invalid value '{}'", text.split(is_blank).next().unwrap_or_default()));
    }
    let value: i64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| "long overflow".to_string())? };
    let nanos: i64 = format!("{fraction:0<9}").parse().map_err(|_| unrecognized())?;
    let sign = if negative { -1 } else { 1 };
    Ok((Amount { value: sign * value, fraction: sign * (nanos / 1000), has_point }, rest))
}

fn add(interval: CalendarInterval, amount: &Amount, unit: &str) -> Option<CalendarInterval> {
    if amount.has_point && !is_second(unit) {
        return None;
    }
    let CalendarInterval { mut months, mut days, mut micros } = interval;
    let value = amount.value;
    let int = |v: i64| i32::try_from(v).ok();
    match unit.strip_suffix('s').unwrap_or(unit) {
        "year" => months = int(value.checked_mul(12)?.checked_add(months.into())?)?,
        "month" => months = months.checked_add(int(value)?)?,
        "week" => days = int(value.checked_mul(7)?.checked_add(days.into())?)?,
        "day" => days = days.checked_add(int(value)?)?,
        "hour" => micros = micros.checked_add(value.checked_mul(MICROS_PER_HOUR)?)?,
        "minute" => micros = micros.checked_add(value.checked_mul(MICROS_PER_MINUTE)?)?,
        "second" => {
            micros = micros.checked_add(value.checked_mul(MICROS_PER_SECOND)?)?.checked_add(amount.fraction)?;
        }
        "millisecond" => micros = micros.checked_add(value.checked_mul(1000)?)?,
        "microsecond" => micros = micros.checked_add(value)?,
        _ => return None,
    }
    Some(CalendarInterval { months, days, micros })
}

fn is_second(unit: &str) -> bool {
    matches!(unit, "second" | "seconds")
}

fn is_unit(word: &str) -> bool {
    let units = ["year", "month", "week", "day", "hour", "minute", "second", "millisecond", "microsecond"];
    units.contains(&word.strip_suffix('s').unwrap_or(word))
}

fn is_blank(c: char) -> bool {
    c.is_ascii_whitespace()
}

/// Months of a text for an interval from one field to another: `1-2`, `3`, or either as a literal
/// (`IntervalUtils.castStringToYMInterval`).
pub fn year_month(text: &str, start: YearMonthField, end: YearMonthField) -> Result<i32> {
    const MOST_YEARS: i64 = 178_956_970;
    let fail = |why: &str| SparkError::illegal_argument(format!("Error parsing interval year-month string: {why}"));
    let mismatch = || {
        let to = SparkType::YearMonthInterval { start, end };
        SparkError::illegal_argument(format!(
            "Interval string does not match year-month format when cast to {to}: {text}"
        ))
    };
    let (negative, body) = unwrapped(text, &fields_text(start.name(), end.name())).ok_or_else(mismatch)?;
    let months = if start == end {
        let amount = digits(body, usize::MAX).ok_or_else(mismatch)?;
        let unit = if start == YearMonthField::Year { 12 } else { 1 };
        amount.checked_mul(unit)
    } else {
        let (years, months) = body.split_once('-').ok_or_else(mismatch)?;
        let (years, months) =
            (digits(years, usize::MAX).ok_or_else(mismatch)?, digits(months, usize::MAX).ok_or_else(mismatch)?);
        if years > MOST_YEARS {
            return Err(fail(&format!("requirement failed: year {years} outside range [0, {MOST_YEARS}]")));
        }
        if months > 11 {
            return Err(fail(&format!("requirement failed: month {months} outside range [0, 11]")));
        }
        Some(years * 12 + months)
    };
    let months = months.map(|months| if negative { -months } else { months });
    months.and_then(|months| i32::try_from(months).ok()).ok_or_else(|| fail("integer overflow"))
}

/// Microseconds of a text for an interval from one field to another: `1 02:03:04.5` for `DAY TO SECOND`, or that as a literal
/// (`IntervalUtils.castStringToDTInterval`). Only the first field may be large.
pub fn day_time(text: &str, start: DayTimeField, end: DayTimeField) -> Result<i64> {
    use DayTimeField as F;
    let mismatch = || {
        let to = SparkType::DayTimeInterval { start, end };
        SparkError::illegal_argument(format!(
            "Interval string does not match day-time format when cast to {to}: {text}"
        ))
    };
    let (negative, mut rest) = unwrapped(text, &fields_text(start.name(), end.name())).ok_or_else(mismatch)?;
    let units = [
        (F::Day, MICROS_PER_DAY, i64::MAX),
        (F::Hour, MICROS_PER_HOUR, 23),
        (F::Minute, MICROS_PER_MINUTE, 59),
        (F::Second, MICROS_PER_SECOND, 99),
    ];
    let mut total = 0i128;
    for (field, size, most) in units.into_iter().filter(|(field, ..)| *field >= start && *field <= end) {
        let part = if field == end {
            std::mem::take(&mut rest)
        } else {
            let separator = if field == F::Day { ' ' } else { ':' };
            let (part, behind) = rest.split_once(separator).ok_or_else(mismatch)?;
            rest = behind;
            part
        };
        let (whole, fraction) = match part.split_once('.') {
            Some((whole, fraction)) if field == F::Second => (whole, micros(fraction).ok_or_else(mismatch)?),
            Some(_) => return Err(mismatch()),
            None => (part, 0),
        };
        let amount = digits(whole, if field == start { usize::MAX } else { 2 }).ok_or_else(mismatch)?;
        if field != start && amount > most {
            let field = field.name();
            return Err(SparkError::illegal_argument(format!(
                "requirement failed: {field} {amount} outside range [0, {most}]"
            )));
        }
        total += i128::from(amount) * i128::from(size) + i128::from(fraction);
    }
    let total = if negative { -total } else { total };
    match i64::try_from(total) {
        Ok(total) => Ok(total),
        // Days alone wrap around, as in Spark.
        Err(_) if end == F::Day && total.unsigned_abs() <= i32::MAX as u128 * MICROS_PER_DAY as u128 => {
            Ok(total as i64)
        }
        Err(_) => Err(SparkError::arithmetic("long overflow")),
    }
}

/// The sign and the digits of a text, which may be a whole literal `INTERVAL [+-]'..' fields`.
fn unwrapped<'a>(text: &'a str, fields: &str) -> Option<(bool, &'a str)> {
    let text = trim_all(text);
    let word = text.get(..8).filter(|word| word.eq_ignore_ascii_case("interval"));
    let Some(behind) = word.and_then(|word| text.get(word.len()..)) else { return Some(sign(text)) };
    let body = behind.trim_start_matches(is_blank);
    if body.len() == behind.len() {
        return None;
    }
    let (outer, quoted) = sign(body);
    let (body, unit) = quoted.strip_prefix('\'')?.split_once('\'')?;
    let words = || unit.split_whitespace().map(str::to_lowercase);
    if !unit.starts_with(is_blank) || !words().eq(fields.split(' ')) {
        return None;
    }
    let (inner, body) = sign(body);
    Some((outer != inner, body))
}

fn fields_text(start: &str, end: &str) -> String {
    if start == end { start.to_owned() } else { format!("{start} to {end}") }
}

/// Cuts a sign off; Spark's pattern takes a bar for a plus.
fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix(['+', '|']).unwrap_or(text)),
    }
}

/// A number of at most `most` digits and nothing else.
fn digits(text: &str, most: usize) -> Option<i64> {
    let plain = !text.is_empty() && text.len() <= most && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().unwrap_or(i64::MAX))
}

/// Microseconds of up to nine digits behind a point.
fn micros(fraction: &str) -> Option<i64> {
    digits(fraction, 9)?;
    digits(&format!("{fraction:0<9}"), 9).map(|nanos| nanos / 1000)
}

/// The ANSI type that holds a list of units: `None` if it mixes months with days or times, which Spark refuses.
pub fn type_of_units<'a>(units: impl IntoIterator<Item = &'a str>) -> Option<SparkType> {
    let mut year_month: Option<(YearMonthField, YearMonthField)> = None;
    let mut day_time: Option<(DayTimeField, DayTimeField)> = None;
    for unit in units {
        let lower = unit.to_lowercase();
        let field = match lower.strip_suffix('s').unwrap_or(&lower) {
            "year" => Ok(YearMonthField::Year),
            "month" => Ok(YearMonthField::Month),
            "week" | "day" => Err(DayTimeField::Day),
            "hour" => Err(DayTimeField::Hour),
            "minute" => Err(DayTimeField::Minute),
            _ => Err(DayTimeField::Second),
        };
        match field {
            Ok(f) => year_month = Some(year_month.map_or((f, f), |(s, e)| (s.min(f), e.max(f)))),
            Err(f) => day_time = Some(day_time.map_or((f, f), |(s, e)| (s.min(f), e.max(f)))),
        }
    }
    match (year_month, day_time) {
        (Some((start, end)), None) => Some(SparkType::YearMonthInterval { start, end }),
        (None, Some((start, end))) => Some(SparkType::DayTimeInterval { start, end }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<(i32, i32, i64)> {
        calendar(text).ok().map(|i| (i.months, i.days, i.micros))
    }

    #[test]
    fn lists_of_units_are_summed() {
        assert_eq!(parts("interval 1 year 2 months"), Some((14, 0, 0)));
        assert_eq!(parts("-1 week +3 DAYS"), Some((0, -4, 0)));
        assert_eq!(parts("1.5 seconds"), Some((0, 0, 1_500_000)));
        assert_eq!(parts("- .5 second 1 millisecond 2 microseconds"), Some((0, 0, -498_998)));
        assert_eq!(parts("  3   hours  "), Some((0, 0, 3 * MICROS_PER_HOUR)));
    }

    #[test]
    fn what_is_no_interval_is_refused() {
        for text in [
            "",
            "interval",
            "1",
            "day",
            "1 foo",
            "1.5 days",
            "1day",
            "1 day2 hours",
            "1.1234567890 seconds",
            "x 1 day",
            "99999999999 years",
        ] {
            assert_eq!(parts(text), None, "{text}");
        }
    }

    #[test]
    fn ansi_forms_are_read_between_their_fields() {
        use DayTimeField as F;
        let (year, month) = (YearMonthField::Year, YearMonthField::Month);
        assert_eq!(year_month("-1-2", year, month), Ok(-14));
        assert_eq!(year_month("interval -'3' YEAR", year, year), Ok(-36));
        assert!(year_month("1-12", year, month).is_err());
        assert_eq!(day_time("1 02:03:04.5", F::Day, F::Second), Ok(93_784_500_000));
        assert_eq!(day_time("-12:30", F::Hour, F::Minute), Ok(-45_000_000_000));
        assert_eq!(day_time("-106751991 04:00:54.775808", F::Day, F::Second), Ok(i64::MIN));
        assert!(day_time("1 24", F::Day, F::Hour).is_err());
    }
}
