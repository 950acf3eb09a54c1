//! Strings to dates and timestamps: Spark 3.2's `DateTimeUtils.stringToDate` and `stringToTimestamp`.

use super::calendar::days_from_date;
use super::zone::{Zone, split_days};
use super::{MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND, clock};

/// Cuts what Spark's `UTF8String.trimAll` cuts: blanks and ASCII control characters at both ends.
pub fn trim_all(text: &str) -> &str {
    text.trim_matches(|c: char| c <= ' ' || c == '\u{7f}')
}

/// Reads `[+-]y..yyy[-m[m][-d[d][( |T)anything]]]`; years have 4 to 7 digits.
pub fn date(text: &str) -> Option<i32> {
    let bytes = trim_all(text).as_bytes();
    let (negative, bytes) = signed(bytes)?;
    let mut segments = [1i32, 1, 1];
    let mut segment = 0;
    let mut value = 0i32;
    let mut digits = 0;
    let mut at = 0;
    let valid = |segment: usize, digits: usize| match segment {
        0 => (4..=7).contains(&digits),
        _ => (1..=2).contains(&digits),
    };
    while let Some(&b) = bytes.get(at) {
        if b == b' ' || b == b'T' {
            break;
        }
        if segment < 2 && b == b'-' {
            if !valid(segment, digits) {
                return None;
            }
            *segments.get_mut(segment)? = value;
            (value, digits) = (0, 0);
            segment += 1;
        } else {
            let digit = digit(b)?;
            value = value.wrapping_mul(10).wrapping_add(digit);
            digits += 1;
        }
        at += 1;
    }
    if !valid(segment, digits) || (segment < 2 && at < bytes.len()) {
        return None;
    }
    *segments.get_mut(segment)? = value;
    let [year, month, day] = segments;
    days_from_date(if negative { -year } else { year }, month as u32, day as u32)
}

/// Reads a timestamp. Without a zone it is in `zone`; with a time only, its date is that of `now`.
pub fn timestamp(text: &str, zone: &Zone, now: i64) -> Option<i64> {
    let Fields { segments, zone: own_zone, just_time, negative } = timestamp_fields(trim_all(text).as_bytes())?;
    let zone = own_zone.unwrap_or(*zone);
    let [year, month, day, hour, minute, second, micros, ..] = segments;
    let days = if just_time {
        split_days(zone.to_local(now)).0
    } else {
        days_from_date(if negative { -year } else { year }, month as u32, day as u32)?
    };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let time = i64::from(hour) * MICROS_PER_HOUR
        + i64::from(minute) * MICROS_PER_MINUTE
        + i64::from(second) * MICROS_PER_SECOND
        + i64::from(micros);
    zone.to_utc(clock(days, time)?)
}

/// Reads the special values of typed literals and foldable casts: `epoch`, `now`, `today`, `tomorrow`, `yesterday`, each with an
/// optional zone behind it. `None` if `text` is none of them.
pub fn special_timestamp(text: &str, zone: &Zone, now: i64) -> Option<i64> {
    let text = trim_all(text);
    let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    let zone = match rest.trim_matches([' ', '\t']) {
        "" => *zone,
        own => Zone::parse(own)?,
    };
    let midnight = |shift: i32| {
        let (today, _) = split_days(zone.to_local(now));
        zone.to_utc(i64::from(today + shift) * MICROS_PER_DAY)
    };
    match name.to_ascii_lowercase().as_str() {
        "epoch" => Some(0),
        "now" => Some(now),
        "today" => midnight(0),
        "tomorrow" => midnight(1),
        "yesterday" => midnight(-1),
        _ => None,
    }
}

/// As [`special_timestamp`], for dates.
pub fn special_date(text: &str, zone: &Zone, now: i64) -> Option<i32> {
    let is_epoch = trim_all(text).to_ascii_lowercase().starts_with("epoch");
    let micros = special_timestamp(text, zone, now)?;
    Some(if is_epoch { 0 } else { split_days(zone.to_local(micros)).0 })
}

struct Fields {
    /// Year, month, day, hour, minute, second, microsecond, zone hours, zone minutes.
    segments: [i32; 9],
    zone: Option<Zone>,
    just_time: bool,
    negative: bool,
}

/// The state machine of `DateTimeUtils.parseTimestampString`.
fn timestamp_fields(bytes: &[u8]) -> Option<Fields> {
    let (negative, digits_from) = match bytes.first()? {
        b'-' => (true, 1),
        b'+' => (false, 1),
        _ => (false, 0),
    };
    let mut state = Segments { values: [1, 1, 1, 0, 0, 0, 0, 0, 0], at: 0, value: 0, digits: 0 };
    let mut zone_name = None;
    let mut zone_sign = None;
    let mut just_time = false;
    let mut j = digits_from;
    let mut fraction_digits = 0;
    while let Some(&b) = bytes.get(j) {
        if let Some(digit) = digit(b) {
            if state.at == 6 {
                fraction_digits += 1;
            }
            state.push(digit);
        } else {
            match (state.at, b) {
                (0, b'T') if j == 0 => {
                    just_time = true;
                    state.at = 3;
                }
                (0 | 1, b'-') => state.close()?,
                (0, b':') if digits_from == 0 => {
                    just_time = true;
                    state.at = 3;
                    state.close()?;
                }
                (2, b' ' | b'T') | (3 | 4, b':') | (5, b'.') => state.close()?,
                (5 | 6, sign @ (b'+' | b'-')) => {
                    state.close()?;
                    state.at = 7;
                    zone_sign = Some(sign);
                }
                (5 | 6, _) => {
                    state.close()?;
                    state.at = 7;
                    zone_name = Some(std::str::from_utf8(bytes.get(j..)?).ok()?);
                    break;
                }
                (7 | 8, b':' | b' ') => state.close()?,
                _ => return None,
            }
        }
        j += 1;
    }
    state.close()?;
    let [.., zone_hours, zone_minutes] = state.values;
    for _ in fraction_digits.min(6)..6 {
        state.values[6] *= 10;
    }
    let zone = match (zone_sign, zone_name) {
        (Some(b'-'), _) => Some(Zone::from_hours_minutes(-zone_hours, -zone_minutes)?),
        (Some(_), _) => Some(Zone::from_hours_minutes(zone_hours, zone_minutes)?),
        (None, Some(name)) => Some(Zone::parse(name.trim_matches(|c: char| c <= ' '))?),
        (None, None) => None,
    };
    Some(Fields { segments: state.values, zone, just_time, negative })
}

struct Segments {
    values: [i32; 9],
    at: usize,
    value: i32,
    digits: usize,
}

impl Segments {
    fn push(&mut self, digit: i32) {
        // Digits of the fraction beyond microseconds are cut.
        if self.at != 6 || self.digits < 6 {
            self.value = self.value.wrapping_mul(10).wrapping_add(digit);
        }
        self.digits += 1;
    }

    /// Stores the current segment if it has a valid number of digits, and goes to the next.
    fn close(&mut self) -> Option<()> {
        let valid = match self.at {
            0 => (4..=6).contains(&self.digits),
            6 => true,
            7 => self.digits <= 2,
            _ => (1..=2).contains(&self.digits),
        };
        if !valid {
            return None;
        }
        *self.values.get_mut(self.at)? = self.value;
        (self.value, self.digits) = (0, 0);
        self.at += 1;
        Some(())
    }
}

fn signed(bytes: &[u8]) -> Option<(bool, &[u8])> {
    match bytes.first()? {
        b'-' => Some((true, bytes.get(1..)?)),
        b'+' => Some((false, bytes.get(1..)?)),
        _ => Some((false, bytes)),
    }
}

fn digit(b: u8) -> Option<i32> {
    b.is_ascii_digit().then(|| i32::from(b - b'0'))
}

/// The day of a timestamp in a zone.
pub fn date_of_timestamp(micros: i64, zone: &Zone) -> i32 {
    split_days(zone.to_local(micros)).0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datetime::format;

    fn date_text(text: &str) -> Option<String> {
        date(text).map(format::date)
    }

    #[test]
    fn dates_are_read_as_spark_reads_them() {
        let cases = [
            ("+10000-01-01", Some("+10000-01-01")),
            ("10000-01-01", Some("+10000-01-01")),
            ("2020-001-01", None),
            ("2020-1-", None),
            ("2020-", None),
            ("2020-01-01T", Some("2020-01-01")),
            ("2020-01-01 xyz", Some("2020-01-01")),
            ("20-01-01", None),
            ("-2020-01-01", Some("-2020-01-01")),
            ("", None),
            (" ", None),
            ("2020-01-011", None),
            ("2020-1-1", Some("2020-01-01")),
            ("0000-01-01", Some("0000-01-01")),
            ("2020-01T", None),
            ("2020-01-01\t", Some("2020-01-01")),
            ("2020--01", None),
            ("2020", Some("2020-01-01")),
            ("2020-02-30", None),
            ("é", None),
        ];
        for (text, expected) in cases {
            assert_eq!(date_text(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn timestamps_are_read_as_spark_reads_them() {
        let cases = [
            ("2020-01-01 1:2:3", Some("2020-01-01 01:02:03")),
            ("2020-01-01 1", Some("2020-01-01 01:00:00")),
            ("2020-01-01 12:34:56.7", Some("2020-01-01 12:34:56.7")),
            ("2020-01-01 12:34:56.1234567891", Some("2020-01-01 12:34:56.123456")),
            ("2020-01-01 12:34:56.", Some("2020-01-01 12:34:56")),
            ("2020-01-01 12:34:", None),
            ("2020-01-01T", None),
            ("2020-01-01 ", Some("2020-01-01 00:00:00")),
            ("T12", Some("1970-01-01 12:00:00")),
            ("12:34", Some("1970-01-01 12:34:00")),
            ("12", None),
            ("2020-02", Some("2020-02-01 00:00:00")),
            ("20200101", None),
            ("2020-01-01 12:34:56+01:00", Some("2020-01-01 11:34:56")),
            ("2020-01-01 12:34:56 +01:00", Some("2020-01-01 11:34:56")),
            ("2020-01-01 12:34:56+1", Some("2020-01-01 11:34:56")),
            ("2020-01-01 12:34:56-0800", None),
            ("2020-01-01 12:34:56UTC+1", Some("2020-01-01 11:34:56")),
            ("2020-01-01 12:34:56 PST", Some("2020-01-01 20:34:56")),
            ("2020-01-01 12:34:56 foo", None),
            ("2020-01-01 12:34:56+19:00", None),
            ("2020-01-01 12:34:56+18:00", Some("2019-12-31 18:34:56")),
            ("2020-01-01 12+01", None),
            ("2020-01-01T12:34:56.5z", None),
            ("2020-01-01 12:34:56  Europe/Paris ", Some("2020-01-01 11:34:56")),
            ("2020-01-01 12:34:56+01:00:30", None),
            ("2020-01-01 24:00:00", None),
            ("2020-01-01 001:00:00", None),
            ("2020-01-01  01:00:00", None),
            ("10000-01-01 00:00:00", Some("+10000-01-01 00:00:00")),
            ("2020-01-01Z", None),
            ("2020-01-01 Z", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let found = timestamp(text, &Zone::UTC, 0).map(|t| format::timestamp(t, &Zone::UTC));
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn special_values_may_name_a_zone() {
        let now = 86_400_000_000 + 1;
        assert_eq!(special_timestamp(" Epoch ", &Zone::UTC, now), Some(0));
        assert_eq!(special_timestamp("now", &Zone::UTC, now), Some(now));
        assert_eq!(special_date("tomorrow", &Zone::UTC, now), Some(2));
        assert_eq!(special_timestamp("today +01:00", &Zone::UTC, now), Some(86_400_000_000 - 3_600_000_000));
        assert_eq!(special_timestamp("today foo", &Zone::UTC, now), None);
    }
}
