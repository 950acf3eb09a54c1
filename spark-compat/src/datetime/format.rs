//! Dates, timestamps and intervals to strings, as `CAST(.. AS STRING)` writes them.

use std::fmt::Write;

use super::calendar::date_from_days;
use super::zone::{Zone, split_days};
use super::{CalendarInterval, MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND};
use crate::types::{DayTimeField, YearMonthField};

/// `2020-01-31`; years beyond 9999 have a plus, negative years a minus.
pub fn date(days: i32) -> String {
    let mut out = String::with_capacity(10);
    write_date(&mut out, days);
    out
}

/// Appends [`date`].
pub fn write_date(out: &mut String, days: i32) {
    let (year, month, day) = date_from_days(days);
    match year {
        0..=9999 => {
            push_padded(out, year as u32, 4);
        }
        10_000.. => {
            out.push('+');
            push_padded(out, year as u32, 4);
        }
        _ => {
            out.push('-');
            push_padded(out, year.unsigned_abs(), 4);
        }
    }
    out.push('-');
    push_padded(out, month, 2);
    out.push('-');
    push_padded(out, day, 2);
}

/// `2020-01-31 01:02:03.5`: the wall clock in the zone, the fraction without trailing zeros.
pub fn timestamp(micros: i64, zone: &Zone) -> String {
    let mut out = String::with_capacity(26);
    write_timestamp(&mut out, micros, zone);
    out
}

/// Appends [`timestamp`].
pub fn write_timestamp(out: &mut String, micros: i64, zone: &Zone) {
    let (days, time) = split_days(zone.to_local(micros));
    write_date(out, days);
    out.push(' ');
    push_padded(out, (time / MICROS_PER_HOUR) as u32, 2);
    out.push(':');
    push_padded(out, (time % MICROS_PER_HOUR / MICROS_PER_MINUTE) as u32, 2);
    out.push(':');
    push_padded(out, (time % MICROS_PER_MINUTE / MICROS_PER_SECOND) as u32, 2);
    push_fraction(out, (time % MICROS_PER_SECOND) as u32, 6);
}

/// The ANSI form of a year-month interval, for example `INTERVAL '1-2' YEAR TO MONTH`.
pub fn year_month_interval(months: i32, start: YearMonthField, end: YearMonthField) -> String {
    let sign = if months < 0 { "-" } else { "" };
    let months = months.unsigned_abs();
    let (years, rest) = (months / 12, months % 12);
    match (start, end) {
        (YearMonthField::Year, YearMonthField::Year) => format!("INTERVAL '{sign}{years}' YEAR"),
        (YearMonthField::Month, _) => format!("INTERVAL '{sign}{months}' MONTH"),
        _ => format!("INTERVAL '{sign}{years}-{rest}' YEAR TO MONTH"),
    }
}

/// The ANSI form of a day-time interval, for example `INTERVAL '1 02:03:04.5' DAY TO SECOND`.
pub fn day_time_interval(micros: i64, start: DayTimeField, end: DayTimeField) -> String {
    use DayTimeField as F;
    let sign = if micros < 0 { "-" } else { "" };
    let mut rest = micros.unsigned_abs();
    let mut text = String::new();
    let units = [(F::Day, MICROS_PER_DAY), (F::Hour, MICROS_PER_HOUR), (F::Minute, MICROS_PER_MINUTE)];
    for (field, size) in units {
        if field < start || field > end {
            continue;
        }
        let amount = rest / size as u64;
        rest %= size as u64;
        if field == start {
            // The leading field is padded only behind `DAY`, in 3.2's `toDayTimeIntervalString`.
            let width = if field == F::Day { 1 } else { 2 };
            let _ = write!(text, "{amount:0width$}");
        } else {
            text.push(if field == F::Hour { ' ' } else { ':' });
            let _ = write!(text, "{amount:02}");
        }
    }
    if end == F::Second {
        if start != F::Second {
            text.push(':');
        }
        let _ = write!(text, "{:02}", rest / MICROS_PER_SECOND as u64);
        push_fraction(&mut text, (rest % MICROS_PER_SECOND as u64) as u32, 6);
    }
    let unit = if start == end {
        start.name().to_uppercase()
    } else {
        format!("{} TO {}", start.name(), end.name()).to_uppercase()
    };
    format!("INTERVAL '{sign}{text}' {unit}")
}

/// The legacy form of a calendar interval, for example `1 years 2 months -3 days 4.5 seconds`.
pub fn calendar_interval(interval: CalendarInterval) -> String {
    let CalendarInterval { months, days, micros } = interval;
    let mut parts: Vec<String> = Vec::new();
    let mut push = |amount: i64, unit: &str| {
        if amount != 0 {
            parts.push(format!("{amount} {unit}"));
        }
    };
    push((months / 12).into(), "years");
    push((months % 12).into(), "months");
    push(days.into(), "days");
    push(micros / MICROS_PER_HOUR, "hours");
    push(micros % MICROS_PER_HOUR / MICROS_PER_MINUTE, "minutes");
    let seconds = micros % MICROS_PER_MINUTE;
    if seconds != 0 {
        let mut text = String::from(if seconds < 0 { "-" } else { "" });
        let _ = write!(text, "{}", seconds.unsigned_abs() / MICROS_PER_SECOND as u64);
        push_fraction(&mut text, (seconds.unsigned_abs() % MICROS_PER_SECOND as u64) as u32, 6);
        parts.push(format!("{text} seconds"));
    }
    if parts.is_empty() { "0 seconds".into() } else { parts.join(" ") }
}

fn push_padded(out: &mut String, value: u32, width: usize) {
    let mut digits = [b'0'; 10];
    let mut at = digits.len();
    let mut rest = value;
    while rest > 0 || digits.len() - at < width {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.extend(digits[at..].iter().map(|d| char::from(*d)));
}

/// Appends `.ddd` without trailing zeros, nothing for zero.
fn push_fraction(out: &mut String, fraction: u32, width: usize) {
    if fraction > 0 {
        out.push('.');
        push_padded(out, fraction, width);
        while out.ends_with('0') {
            out.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DayTimeField as F;

    #[test]
    fn years_have_at_least_four_digits_and_a_sign_outside_0_to_9999() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(2_932_897), "+10000-01-01");
        assert_eq!(date(-719_529), "-0001-12-31");
    }

    #[test]
    fn fractions_lose_their_trailing_zeros() {
        assert_eq!(timestamp(1_500_000, &Zone::UTC), "1970-01-01 00:00:01.5");
        assert_eq!(timestamp(-1, &Zone::UTC), "1969-12-31 23:59:59.999999");
        assert_eq!(timestamp(i64::MAX, &Zone::UTC), "+294247-01-10 04:00:54.775807");
        assert_eq!(timestamp(0, &Zone::parse("+05:30").unwrap()), "1970-01-01 05:30:00");
    }

    #[test]
    fn intervals_are_written_in_ansi_form() {
        assert_eq!(
            year_month_interval(14, YearMonthField::Year, YearMonthField::Month),
            "INTERVAL '1-2' YEAR TO MONTH"
        );
        assert_eq!(year_month_interval(-1, YearMonthField::Month, YearMonthField::Month), "INTERVAL '-1' MONTH");
        assert_eq!(day_time_interval(93_784_500_000, F::Day, F::Second), "INTERVAL '1 02:03:04.5' DAY TO SECOND");
        assert_eq!(day_time_interval(MICROS_PER_DAY, F::Day, F::Day), "INTERVAL '1' DAY");
        assert_eq!(day_time_interval(-MICROS_PER_HOUR, F::Day, F::Hour), "INTERVAL '-0 01' DAY TO HOUR");
    }

    #[test]
    fn calendar_intervals_are_written_unit_by_unit() {
        let interval = CalendarInterval { months: 14, days: -3, micros: -1_500_000 };
        assert_eq!(calendar_interval(interval), "1 years 2 months -3 days -1.5 seconds");
        assert_eq!(calendar_interval(CalendarInterval::default()), "0 seconds");
    }
}
