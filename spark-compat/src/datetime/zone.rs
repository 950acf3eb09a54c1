//! Time zones by the names Java accepts, and the conversion between UTC and local time as `java.time` does it.

use std::fmt;
use std::str::FromStr;

use chrono::{NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;

use super::calendar::{date_from_days, days_from_date, is_leap_year, weekday};
use super::{MICROS_PER_DAY, MICROS_PER_SECOND};

/// A zone of Spark's: a fixed offset or a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Zone {
    /// Seconds east of UTC.
    Fixed(i32),
    /// Seconds east of UTC behind the word UTC, GMT or UT.
    Prefixed(Prefix, i32),
    /// A region of the IANA database.
    Region(Tz),
}

/// A word that may stand before an offset, or alone for UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Prefix {
    /// `UTC`
    Utc,
    /// `GMT`
    Gmt,
    /// `UT`
    Ut,
}

impl Prefix {
    const ALL: [Self; 3] = [Self::Utc, Self::Gmt, Self::Ut];

    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utc => "UTC",
            Self::Gmt => "GMT",
            Self::Ut => "UT",
        }
    }
}

/// The largest offset of `java.time.ZoneOffset`: 18 hours.
const MAX_OFFSET_SECONDS: i32 = 18 * 3600;

/// The last year before which chrono-tz has transitions in its tables; later years take those of a like year.
const LAST_TABLED_YEAR: i32 = 2098;

impl Zone {
    /// UTC.
    pub const UTC: Self = Self::Prefixed(Prefix::Utc, 0);

    /// The zone called `name`: a region, `Z`, an offset such as `+01:00` or `+1:0`, `UTC+1`, `GMT-08:00`, or one of Java's short
    /// names (Spark's `DateTimeUtils.getZoneId`).
    pub fn parse(name: &str) -> Option<Self> {
        if name == "Z" {
            return Some(Self::Fixed(0));
        }
        if name.starts_with(['+', '-']) {
            return parse_offset(&padded(name)).map(Self::Fixed);
        }
        for prefix in Prefix::ALL {
            match name.strip_prefix(prefix.name()) {
                Some("") => return Some(Self::Prefixed(prefix, 0)),
                Some(offset) if offset.starts_with(['+', '-']) => {
                    return parse_offset(&padded(offset)).map(|seconds| Self::Prefixed(prefix, seconds));
                }
                _ => {}
            }
        }
        match SHORT_NAMES.iter().find(|(short, _)| *short == name) {
            Some((_, full)) => Self::parse(full),
            None => Tz::from_str(name).ok().map(Self::Region),
        }
    }

    /// The region with this id; short names and offsets are none.
    pub fn parse_region(id: &str) -> Option<Self> {
        Tz::from_str(id).ok().map(Self::Region)
    }

    /// Builds a zone from an offset in hours and minutes of the same sign (`ZoneOffset.ofHoursMinutes`).
    pub fn from_hours_minutes(hours: i32, minutes: i32) -> Option<Self> {
        if minutes.abs() > 59 || hours.signum() * minutes.signum() < 0 {
            return None;
        }
        let seconds = hours.checked_mul(3600)?.checked_add(minutes * 60)?;
        (seconds.abs() <= MAX_OFFSET_SECONDS).then_some(Self::Fixed(seconds))
    }

    /// Seconds east of UTC at a moment in microseconds since the epoch.
    pub fn offset_at(&self, micros: i64) -> i32 {
        match self {
            Self::Fixed(seconds) | Self::Prefixed(_, seconds) => *seconds,
            Self::Region(tz) => {
                let seconds = tabled_seconds(micros.div_euclid(MICROS_PER_SECOND));
                naive(seconds).map_or(0, |utc| tz.offset_from_utc_datetime(&utc).fix().local_minus_utc())
            }
        }
    }

    /// The wall clock, as microseconds as if it were UTC, at a moment.
    pub fn to_local(&self, micros: i64) -> i64 {
        micros.saturating_add(i64::from(self.offset_at(micros)) * MICROS_PER_SECOND)
    }

    /// The moment of a wall clock time. In an overlap the earlier moment; in a gap the clock is moved on by the gap's length
    /// (`ZonedDateTime.of`).
    pub fn to_utc(&self, local: i64) -> Option<i64> {
        let offset = match self {
            Self::Fixed(seconds) | Self::Prefixed(_, seconds) => *seconds,
            Self::Region(tz) => {
                let seconds = tabled_seconds(local.div_euclid(MICROS_PER_SECOND));
                let clock = naive(seconds)?;
                match tz.offset_from_local_datetime(&clock).earliest() {
                    Some(offset) => offset.fix().local_minus_utc(),
                    // In a gap Java takes the offset before it; no zone has moved by more than a day.
                    None => {
                        let before = naive(seconds - 86_400)?;
                        tz.offset_from_local_datetime(&before).latest()?.fix().local_minus_utc()
                    }
                }
            }
        };
        local.checked_sub(i64::from(offset) * MICROS_PER_SECOND)
    }
}

impl Zone {
    /// As [`Zone::to_utc`], but where the clock shows the time twice, the moment with the given offset if it is one of the two
    /// (`ZonedDateTime.ofLocal`).
    pub fn to_utc_keeping(&self, local: i64, offset: i32) -> Option<i64> {
        let kept = local.checked_sub(i64::from(offset) * MICROS_PER_SECOND)?;
        if self.offset_at(kept) == offset { Some(kept) } else { self.to_utc(local) }
    }
}

/// The zone's id as Java writes it: `Europe/Paris`, `+01:00`, `Z`, `UTC`, `GMT+08:00`.
impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(0) => f.write_str("Z"),
            Self::Fixed(seconds) => write_offset(f, *seconds),
            Self::Prefixed(prefix, 0) => f.write_str(prefix.name()),
            Self::Prefixed(prefix, seconds) => {
                f.write_str(prefix.name())?;
                write_offset(f, *seconds)
            }
            Self::Region(region) => f.write_str(region.name()),
        }
    }
}

fn write_offset(f: &mut fmt::Formatter<'_>, seconds: i32) -> fmt::Result {
    let sign = if seconds < 0 { '-' } else { '+' };
    let total = seconds.unsigned_abs();
    write!(f, "{sign}{:02}:{:02}", total / 3600, total / 60 % 60)?;
    if total.is_multiple_of(60) { Ok(()) } else { write!(f, ":{:02}", total % 60) }
}

fn naive(seconds: i64) -> Option<NaiveDateTime> {
    chrono::DateTime::from_timestamp(seconds, 0).map(|d| d.naive_utc())
}

/// A time of UTC in seconds as the tables of zones know it: far years are moved to like ones.
pub(super) fn naive_in_tables(seconds: i64) -> Option<NaiveDateTime> {
    naive(tabled_seconds(seconds))
}

/// Moves a time in years beyond the tables into a year with the same calendar within them, since the rules repeat;
/// times before the calendar of chrono begin at its first moments, where only local mean time exists.
fn tabled_seconds(seconds: i64) -> i64 {
    const FIRST: i64 = -62_135_596_800;
    const LAST: i64 = 4_070_908_800;
    if (FIRST..LAST).contains(&seconds) {
        return seconds;
    }
    if seconds < FIRST {
        return FIRST;
    }
    let days = i32::try_from(seconds.div_euclid(86_400)).unwrap_or(i32::MAX);
    let (year, month, day) = date_from_days(days);
    let calendar = |y: i32| days_from_date(y, 1, 1).map(|first| (weekday(first), is_leap_year(y)));
    let like = (LAST_TABLED_YEAR - 27..=LAST_TABLED_YEAR).find(|y| calendar(*y) == calendar(year));
    let moved = like.and_then(|y| days_from_date(y, month, day)).unwrap_or(0);
    i64::from(moved) * 86_400 + seconds.rem_euclid(86_400)
}

/// Spark also takes `+h:mm`, which Java does not.
fn padded(offset: &str) -> String {
    let bytes = offset.as_bytes();
    let mut text = offset.to_string();
    if bytes.get(1).is_some_and(u8::is_ascii_digit) && bytes.get(2) == Some(&b':') {
        text.insert(1, '0');
    }
    text
}

/// The forms of `ZoneOffset.of`: `+h`, `+hh`, `+hhmm`, `+hh:mm`, `+hhmmss`, `+hh:mm:ss`.
fn parse_offset(text: &str) -> Option<i32> {
    let (sign, digits) = match (text.strip_prefix('-'), text.strip_prefix('+')) {
        (Some(rest), _) => (-1, rest),
        (_, Some(rest)) => (1, rest),
        _ => return None,
    };
    let parts: Vec<&str> = if digits.contains(':') {
        let parts: Vec<&str> = digits.split(':').collect();
        (parts.len() <= 3 && parts.iter().all(|p| p.len() == 2)).then_some(parts)?
    } else {
        match digits.len() {
            1 | 2 => vec![digits],
            4 | 6 => (0..digits.len() / 2).map_while(|i| digits.get(2 * i..2 * i + 2)).collect(),
            _ => return None,
        }
    };
    let mut seconds = 0;
    for (at, part) in parts.iter().enumerate() {
        let value: i32 = part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())??;
        if value > [18, 59, 59].get(at).copied()? {
            return None;
        }
        seconds += value * [3600, 60, 1].get(at).copied()?;
    }
    (seconds <= MAX_OFFSET_SECONDS).then_some(sign * seconds)
}

/// `java.time.ZoneId.SHORT_IDS`.
const SHORT_NAMES: [(&str, &str); 28] = [
    ("ACT", "Australia/Darwin"),
    ("AET", "Australia/Sydney"),
    ("AGT", "America/Argentina/Buenos_Aires"),
    ("ART", "Africa/Cairo"),
    ("AST", "America/Anchorage"),
    ("BET", "America/Sao_Paulo"),
    ("BST", "Asia/Dhaka"),
    ("CAT", "Africa/Harare"),
    ("CNT", "America/St_Johns"),
    ("CST", "America/Chicago"),
    ("CTT", "Asia/Shanghai"),
    ("EAT", "Africa/Addis_Ababa"),
    ("ECT", "Europe/Paris"),
    ("EST", "-05:00"),
    ("HST", "-10:00"),
    ("IET", "America/Indiana/Indianapolis"),
    ("IST", "Asia/Kolkata"),
    ("JST", "Asia/Tokyo"),
    ("MIT", "Pacific/Apia"),
    ("MST", "-07:00"),
    ("NET", "Asia/Yerevan"),
    ("NST", "Pacific/Auckland"),
    ("PLT", "Asia/Karachi"),
    ("PNT", "America/Phoenix"),
    ("PRT", "America/Puerto_Rico"),
    ("PST", "America/Los_Angeles"),
    ("SST", "Pacific/Guadalcanal"),
    ("VST", "Asia/Ho_Chi_Minh"),
];

/// Days and microseconds of the day of a wall clock.
pub fn split_days(local: i64) -> (i32, i64) {
    let days = local.div_euclid(MICROS_PER_DAY);
    (days.clamp(i32::MIN.into(), i32::MAX.into()) as i32, local.rem_euclid(MICROS_PER_DAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_read_in_all_of_javas_forms() {
        assert_eq!(Zone::parse("UTC"), Some(Zone::UTC));
        assert_eq!(Zone::parse("+01:00"), Some(Zone::Fixed(3600)));
        assert_eq!(Zone::parse("+1:00"), Some(Zone::Fixed(3600)));
        assert_eq!(Zone::parse("-0830"), Some(Zone::Fixed(-30_600)));
        assert_eq!(Zone::parse("UTC+1"), Some(Zone::Prefixed(Prefix::Utc, 3600)));
        assert_eq!(Zone::parse("EST"), Some(Zone::Fixed(-18_000)));
        assert_eq!(Zone::parse("PST"), Zone::parse("America/Los_Angeles"));
        for wrong in ["z", "+19:00", "foo", "", "+", "+1:2:3", "+1:0", "america/new_york"] {
            assert_eq!(Zone::parse(wrong), None, "{wrong}");
        }
    }

    fn at(text: &str) -> i64 {
        chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap().and_utc().timestamp_micros()
    }

    #[test]
    fn gaps_move_the_clock_on_and_overlaps_take_the_earlier_moment() {
        let zone = Zone::parse("America/Los_Angeles").unwrap();
        assert_eq!(zone.to_utc(at("2020-03-08 02:30:00")), Some(at("2020-03-08 10:30:00")));
        assert_eq!(zone.to_utc(at("2020-11-01 01:30:00")), Some(at("2020-11-01 08:30:00")));
        assert_eq!(zone.to_local(at("2020-07-01 00:00:00")), at("2020-06-30 17:00:00"));
    }

    #[test]
    fn zones_are_written_as_java_writes_them() {
        for (given, written) in [
            ("Z", "Z"),
            ("+1:00", "+01:00"),
            ("UTC", "UTC"),
            ("GMT+8", "GMT+08:00"),
            ("PST", "America/Los_Angeles"),
            ("-08:30:15", "-08:30:15"),
        ] {
            assert_eq!(Zone::parse(given).unwrap().to_string(), written);
        }
    }

    #[test]
    fn rules_go_on_beyond_the_tables() {
        let zone = Zone::parse("America/Los_Angeles").unwrap();
        assert_eq!(zone.offset_at(at("2500-07-01 00:00:00")), -7 * 3600);
        assert_eq!(zone.offset_at(at("2500-01-01 00:00:00")), -8 * 3600);
        assert_eq!(zone.offset_at(i64::MIN), zone.offset_at(at("1800-01-01 00:00:00")));
    }
}
