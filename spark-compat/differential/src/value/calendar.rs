//! Dates and wall clocks as text.

use chrono::{Datelike, NaiveDate, Timelike};

use super::Zone;

/// Days from the first day of the year 1 to 1970-01-01.
const DAYS_BEFORE_EPOCH: i32 = 719_163;

/// `2021-03-09`; `None` outside the years 1 to 9999.
pub fn date_text(days: i32) -> Option<String> {
    let date = NaiveDate::from_num_days_from_ce_opt(days.checked_add(DAYS_BEFORE_EPOCH)?)?;
    four_digit_year(date.year()).then(|| date.to_string())
}

/// The wall clock in `zone`, parts joined by `separator`, with six fraction digits or (`trim`) as many as say something,
/// as Spark's cast to string does; `None` outside the years 1 to 9999.
pub fn timestamp_text(micros: i64, zone: Zone, separator: char, trim: bool) -> Option<String> {
    let wall = zone.wall_clock(micros).filter(|wall| four_digit_year(wall.year()))?;
    let fraction = format!(".{:06}", wall.nanosecond() / 1000);
    let fraction = if trim { fraction.trim_end_matches('0').trim_end_matches('.') } else { &fraction };
    Some(format!("{}{separator}{:02}:{:02}:{:02}{fraction}", wall.date(), wall.hour(), wall.minute(), wall.second()))
}

fn four_digit_year(year: i32) -> bool {
    (1..=9999).contains(&year)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDateTime;

    use super::*;

    fn micros(text: &str) -> i64 {
        text.parse::<NaiveDateTime>().unwrap().and_utc().timestamp_micros()
    }

    #[test]
    fn dates_of_four_digit_years_are_iso_text() {
        assert_eq!(date_text(0).as_deref(), Some("1970-01-01"));
        assert_eq!(date_text(-719_162).as_deref(), Some("0001-01-01"));
        assert_eq!(date_text(2_932_896).as_deref(), Some("9999-12-31"));
        assert_eq!(date_text(-719_163), None);
        assert_eq!(date_text(2_932_897), None);
        assert_eq!(date_text(i32::MAX), None);
        assert_eq!(date_text(i32::MIN), None);
    }

    #[test]
    fn timestamps_show_the_wall_clock_of_the_zone() {
        let at = micros("2021-03-09T10:11:12.5");
        assert_eq!(timestamp_text(at, Zone::UTC, 'T', false).as_deref(), Some("2021-03-09T10:11:12.500000"));
        assert_eq!(timestamp_text(at, Zone::UTC, ' ', true).as_deref(), Some("2021-03-09 10:11:12.5"));
        assert_eq!(timestamp_text(0, Zone::UTC, ' ', true).as_deref(), Some("1970-01-01 00:00:00"));
        assert_eq!(timestamp_text(-1, Zone::UTC, 'T', false).as_deref(), Some("1969-12-31T23:59:59.999999"));
    }

    #[test]
    fn the_zone_decides_whether_a_year_has_four_digits() {
        let last = micros("9999-12-31T23:59:59");
        assert!(timestamp_text(last, Zone::UTC, 'T', false).is_some());
        assert_eq!(timestamp_text(last, "+01:00".parse().unwrap(), 'T', false), None);
        assert_eq!(timestamp_text(i64::MAX, Zone::UTC, 'T', false), None);
        assert_eq!(timestamp_text(i64::MIN, Zone::UTC, 'T', false), None);
    }
}
