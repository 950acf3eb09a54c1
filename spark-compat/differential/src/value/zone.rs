//! Session time zones as Spark accepts them: region names, and offsets such as `+08:00`, `GMT+8` or `Z`.

use std::str::FromStr;

use chrono::{DateTime, FixedOffset, NaiveDateTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;

/// A time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// A region with its rules.
    Region(Tz),
    /// A fixed offset.
    Fixed(FixedOffset),
}

/// No time zone has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time zone: use a region such as Europe/Berlin or an offset such as +02:00")]
pub struct UnknownTimeZone(String);

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self::Region(Tz::UTC);

    /// The wall clock at an instant; `None` outside the years that `chrono` can hold (about 262,000 each way).
    pub fn wall_clock(self, micros: i64) -> Option<NaiveDateTime> {
        let instant: DateTime<Utc> = DateTime::from_timestamp_micros(micros)?;
        let utc = instant.naive_utc();
        let offset = match self {
            Self::Region(zone) => zone.offset_from_utc_datetime(&utc).fix(),
            Self::Fixed(offset) => offset,
        };
        utc.checked_add_offset(offset)
    }
}

impl FromStr for Zone {
    type Err = UnknownTimeZone;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownTimeZone(name.to_owned());
        if name == "Z" {
            return Ok(Self::UTC);
        }
        if let Ok(zone) = name.parse::<Tz>() {
            return Ok(Self::Region(zone));
        }
        let offset = ["GMT", "UTC", "UT"].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
        parse_offset(offset).map(Self::Fixed).ok_or_else(unknown)
    }
}

/// `±h`, `±hh`, `±hh:mm`, `±h:mm` or `±hh:mm:ss`, up to 18 hours as in `java.time.ZoneOffset`.
fn parse_offset(text: &str) -> Option<FixedOffset> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let mut parts = digits.split(':');
    let mut part = |limit: i32| match parts.next() {
        None => Some(0),
        Some(text) if (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) => {
            text.parse::<i32>().ok().filter(|value| *value <= limit)
        }
        Some(_) => None,
    };
    let seconds = part(18)? * 3600 + part(59)? * 60 + part(59)?;
    if parts.next().is_some() || seconds > 18 * 3600 {
        return None;
    }
    FixedOffset::east_opt(sign * seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wall_clock(zone: &str, micros: i64) -> String {
        zone.parse::<Zone>().unwrap().wall_clock(micros).unwrap().to_string()
    }

    #[test]
    fn regions_follow_their_rules_and_offsets_are_fixed() {
        let summer = 1_625_097_600_000_000; // 2021-07-01T00:00:00Z
        assert_eq!(wall_clock("America/Los_Angeles", summer), "2021-06-30 17:00:00");
        assert_eq!(wall_clock("UTC", summer), "2021-07-01 00:00:00");
        assert_eq!(wall_clock("Z", summer), "2021-07-01 00:00:00");
        assert_eq!(wall_clock("+05:30", summer), "2021-07-01 05:30:00");
        assert_eq!(wall_clock("GMT-3", summer), "2021-06-30 21:00:00");
        assert_eq!(wall_clock("-01:02:03", summer), "2021-06-30 22:57:57");
    }

    #[test]
    fn names_that_are_no_time_zone_are_refused() {
        for name in ["", "Mars/Olympus", "+19:00", "+1:60", "++1", "+01:00:00:00", "+é", "GMT+", "+18:00:01"] {
            assert!(name.parse::<Zone>().is_err(), "{name}");
        }
    }
}
