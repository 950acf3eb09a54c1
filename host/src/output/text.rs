//! Values as Spark shows them: the text of table and CSV cells.

use std::fmt::Write;

use spark_differential::value::{
    Elements, UnknownType, Value, Zone, date_text, decimal_text, java_double_text, java_float_text, timestamp_text,
};

const MICROS_PER_SECOND: u64 = 1_000_000;

/// Appends the text of a value to `out`. NULL is `null` inside arrays, maps and structs; the caller decides about NULL
/// itself.
pub fn value_text(value: Value<'_>, zone: Zone, out: &mut String) -> Result<(), UnknownType> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Boolean(value) => push(out, value),
        Value::Integer(value) => push(out, value),
        Value::Float(value) => out.push_str(&java_float_text(value)),
        Value::Double(value) => out.push_str(&java_double_text(value)),
        Value::Decimal(unscaled, scale) => out.push_str(&decimal_text(unscaled, scale)),
        Value::String(value) => out.push_str(value),
        Value::Binary(value) => out.push_str(&hex::encode(value)),
        Value::Date(days) => out.push_str(&date_text(days).unwrap_or_else(|| format!("days:{days}"))),
        Value::Timestamp(micros) => {
            let text = timestamp_text(micros, zone, ' ', true);
            out.push_str(&text.unwrap_or_else(|| format!("micros:{micros}")));
        }
        Value::Months(months) => out.push_str(&year_month_text(months)),
        Value::Micros(micros) => out.push_str(&day_time_text(micros)),
        Value::Calendar { months, days, micros } => out.push_str(&calendar_text(months, days, micros)),
        Value::List(elements) => joined(elements.iter(), ['[', ']'], zone, out)?,
        Value::Map(keys, values) => map_text(keys, values, zone, out)?,
        Value::Struct(array, row) => joined(Value::fields(array, row), ['{', '}'], zone, out)?,
    }
    Ok(())
}

fn push(out: &mut String, value: impl std::fmt::Display) {
    // Writing to a String can't fail.
    let _ = write!(out, "{value}");
}

fn joined<'a>(
    values: impl Iterator<Item = Result<Value<'a>, UnknownType>>,
    [open, close]: [char; 2],
    zone: Zone,
    out: &mut String,
) -> Result<(), UnknownType> {
    out.push(open);
    for (at, value) in values.enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        value_text(value?, zone, out)?;
    }
    out.push(close);
    Ok(())
}

fn map_text(keys: Elements<'_>, values: Elements<'_>, zone: Zone, out: &mut String) -> Result<(), UnknownType> {
    out.push('{');
    for (at, (key, value)) in keys.iter().zip(values.iter()).enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        value_text(key?, zone, out)?;
        out.push_str(" -> ");
        value_text(value?, zone, out)?;
    }
    out.push('}');
    Ok(())
}

/// `INTERVAL '1-2' YEAR TO MONTH`, as `org.apache.spark.sql.catalyst.util.IntervalUtils.toYearMonthIntervalString`.
fn year_month_text(months: i32) -> String {
    let sign = if months < 0 { "-" } else { "" };
    let months = months.unsigned_abs();
    format!("INTERVAL '{sign}{}-{}' YEAR TO MONTH", months / 12, months % 12)
}

/// `INTERVAL '1 02:03:04.5' DAY TO SECOND`, as `IntervalUtils.toDayTimeIntervalString`.
fn day_time_text(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    let seconds = micros / MICROS_PER_SECOND;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let fraction = fraction_text(micros % MICROS_PER_SECOND);
    format!("INTERVAL '{sign}{days} {hours:02}:{minutes:02}:{:02}{fraction}' DAY TO SECOND", seconds % 60)
}

/// `1 years 2 months 3 days 4 hours 5 minutes 6.5 seconds`, as `IntervalStringStyles` of `CalendarInterval`.
fn calendar_text(months: i32, days: i32, micros: i64) -> String {
    let seconds = micros / 1_000_000;
    let mut parts = Vec::new();
    let mut part = |value: i64, unit: &str| {
        if value != 0 {
            parts.push(format!("{value} {unit}"));
        }
    };
    part((months / 12).into(), "years");
    part((months % 12).into(), "months");
    part(days.into(), "days");
    part(seconds / 3600, "hours");
    part(seconds / 60 % 60, "minutes");
    let rest = micros % 60_000_000;
    if rest != 0 {
        let sign = if rest < 0 { "-" } else { "" };
        let rest = rest.unsigned_abs();
        let fraction = fraction_text(rest % MICROS_PER_SECOND);
        parts.push(format!("{sign}{}{fraction} seconds", rest / MICROS_PER_SECOND));
    }
    if parts.is_empty() { "0 seconds".to_owned() } else { parts.join(" ") }
}

fn fraction_text(micros: u64) -> String {
    if micros == 0 { String::new() } else { format!(".{micros:06}").trim_end_matches('0').to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: Value<'_>) -> String {
        let mut out = String::new();
        value_text(value, Zone::UTC, &mut out).unwrap();
        out
    }

    #[test]
    fn intervals_read_as_spark_shows_them() {
        assert_eq!(text(Value::Months(14)), "INTERVAL '1-2' YEAR TO MONTH");
        assert_eq!(text(Value::Months(-1)), "INTERVAL '-0-1' YEAR TO MONTH");
        assert_eq!(text(Value::Months(i32::MIN)), "INTERVAL '-178956970-8' YEAR TO MONTH");
        assert_eq!(text(Value::Micros(93_784_500_000)), "INTERVAL '1 02:03:04.5' DAY TO SECOND");
        assert_eq!(text(Value::Micros(-1)), "INTERVAL '-0 00:00:00.000001' DAY TO SECOND");
        let calendar = |months, days, micros| text(Value::Calendar { months, days, micros });
        assert_eq!(calendar(14, 3, 14_706_500_000), "1 years 2 months 3 days 4 hours 5 minutes 6.5 seconds");
        assert_eq!(calendar(0, 0, 0), "0 seconds");
        assert_eq!(calendar(-1, 0, -500_000), "-1 months -0.5 seconds");
    }

    #[test]
    fn dates_beyond_four_digit_years_are_counted() {
        assert_eq!(text(Value::Date(0)), "1970-01-01");
        assert_eq!(text(Value::Date(i32::MAX)), "days:2147483647");
        assert_eq!(text(Value::Timestamp(i64::MAX)), "micros:9223372036854775807");
    }
}
