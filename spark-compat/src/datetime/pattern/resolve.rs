//! Fields put together to a date and a time: `java.time.format.Parsed` in the strict style, and Spark's defaults for what is
//! missing.

use super::compile::Field;
use super::parsed::Parsed;
use crate::datetime::calendar::{date_from_days, days_from_date, is_leap_year};
use crate::datetime::zone::Zone;
use crate::datetime::{MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND};

/// The years of `java.time.Year`.
const YEARS: std::ops::RangeInclusive<i64> = -999_999_999..=999_999_999;

/// The modified Julian day of 1970-01-01.
const JULIAN_DAY_OF_EPOCH: i64 = 40_587;

impl Parsed {
    /// The day and the time, and the zone if the text says one; `None` if the fields contradict each other or name no time.
    pub fn resolve(mut self) -> Option<(i32, i64, Option<Zone>)> {
        let zone = match (self.zone, self.offset) {
            (Some(zone), _) => Some(zone),
            (None, Some(seconds)) => Some((seconds.abs() <= 18 * 3600).then_some(Zone::Fixed(seconds))?),
            (None, None) => None,
        };
        self.resolve_year()?;
        let date = self.date()?;
        self.resolve_hours()?;
        let time = self.time()?;
        self.check(date, time)?;
        let days = match date {
            Some(days) => days,
            None => self.default_date()?,
        };
        let time = match time {
            Some(time) => time,
            None => self.default_time()?,
        };
        Some((days, time, zone))
    }

    /// The year of an era becomes a year.
    fn resolve_year(&mut self) -> Option<()> {
        let Some(of_era) = self.take(Field::YearOfEra) else { return Some(()) };
        if !(1..=1_000_000_000).contains(&of_era) {
            return None;
        }
        match self.take(Field::Era) {
            Some(era) => self.set(Field::Year, if era == 1 { of_era } else { 1 - of_era }),
            // No era is made up: the year of the era stays a field that means nothing.
            None => self.set(Field::YearOfEra, of_era),
        }
    }

    /// The date, if the fields name one.
    fn date(&mut self) -> Option<Option<i32>> {
        let julian = self.get(Field::JulianDay);
        let Some(year) = self.get(Field::Year) else {
            let Some(day) = julian else { return Some(None) };
            return i32::try_from(day.checked_sub(JULIAN_DAY_OF_EPOCH)?).ok().map(Some);
        };
        let in_range = |year: i64| YEARS.contains(&year).then(|| i32::try_from(year).ok()).flatten();
        if let (Some(month), Some(day)) = (self.get(Field::Month), self.get(Field::Day)) {
            for field in [Field::Year, Field::Month, Field::Day] {
                self.take(field);
            }
            return date_of(in_range(year)?, month, day).map(Some);
        }
        if let Some(of_year) = self.get(Field::DayOfYear) {
            self.take(Field::Year);
            self.take(Field::DayOfYear);
            return day_of_year(in_range(year)?, of_year).map(Some);
        }
        Some(None)
    }

    /// Hours of the halves of a day, and hours that count from 1, become hours of the day.
    fn resolve_hours(&mut self) -> Option<()> {
        if let Some(hour) = self.take(Field::ClockHour) {
            (1..=24).contains(&hour).then_some(())?;
            self.set(Field::Hour, hour % 24)?;
        }
        if let Some(hour) = self.take(Field::ClockHourOfHalf) {
            (1..=12).contains(&hour).then_some(())?;
            self.set(Field::HourOfHalf, hour % 12)?;
        }
        if let (Some(half), Some(hour)) = (self.get(Field::AmPm), self.get(Field::HourOfHalf)) {
            self.take(Field::AmPm);
            self.take(Field::HourOfHalf);
            self.set(Field::Hour, half * 12 + hour)?;
        }
        Some(())
    }

    /// The time, if the fields name one: an hour, and no unit without the one above it.
    fn time(&mut self) -> Option<Option<i64>> {
        let fields = [Field::Hour, Field::Minute, Field::Second, Field::Nano];
        let [hour, minute, second, nano] = fields.map(|field| self.get(field));
        let has_gap = minute.is_none() && (second.is_some() || nano.is_some()) || second.is_none() && nano.is_some();
        let Some(hour) = hour.filter(|_| !has_gap) else { return Some(None) };
        for field in fields {
            self.take(field);
        }
        time_of(hour, minute.unwrap_or(0), second.unwrap_or(0), nano.unwrap_or(0)).map(Some)
    }

    /// What is left must be possible, and must agree with the date and the time.
    fn check(&self, date: Option<i32>, time: Option<i64>) -> Option<()> {
        for (field, value) in self.rest() {
            let possible = match field {
                Field::AmPm => (0..=1).contains(value),
                Field::Hour => (0..=23).contains(value),
                Field::HourOfHalf => (0..=11).contains(value),
                Field::Minute | Field::Second => (0..=59).contains(value),
                _ => true,
            };
            let actual = match (field, date, time) {
                (Field::Era, Some(days), _) => Some(i64::from(date_from_days(days).0 > 0)),
                (Field::YearOfEra, Some(days), _) => {
                    let year = i64::from(date_from_days(days).0);
                    Some(if year > 0 { year } else { 1 - year })
                }
                (Field::Year, Some(days), _) => Some(date_from_days(days).0.into()),
                (Field::Month, Some(days), _) => Some(date_from_days(days).1.into()),
                (Field::Day, Some(days), _) => Some(date_from_days(days).2.into()),
                (Field::DayOfYear, Some(days), _) => Some(of_year(days)),
                (Field::AmPm, _, Some(time)) => Some(time / MICROS_PER_HOUR / 12),
                (Field::HourOfHalf, _, Some(time)) => Some(time / MICROS_PER_HOUR % 12),
                (Field::JulianDay, Some(days), _) => Some(i64::from(days) + JULIAN_DAY_OF_EPOCH),
                _ => None,
            };
            if !possible || actual.is_some_and(|actual| actual != *value) {
                return None;
            }
        }
        Some(())
    }

    /// Spark's `toLocalDate`: 1970-01-01 for what is missing.
    fn default_date(&self) -> Option<i32> {
        let year = self.get(Field::Year).unwrap_or(1970);
        let year = i32::try_from(year).ok().filter(|year| YEARS.contains(&i64::from(*year)))?;
        let (month, day) = (self.get(Field::Month), self.get(Field::Day));
        let Some(of_year) = self.get(Field::DayOfYear) else {
            return date_of(year, month.unwrap_or(1), day.unwrap_or(1));
        };
        let days = day_of_year(year, of_year)?;
        let (_, actual_month, actual_day) = date_from_days(days);
        let agrees = |value: Option<i64>, actual: u32| value.is_none_or(|value| value == i64::from(actual));
        (agrees(month, actual_month) && agrees(day, actual_day)).then_some(days)
    }

    /// Spark's `toLocalTime`: midnight for what is missing, and noon if only PM is said.
    fn default_time(&self) -> Option<i64> {
        let afternoon = self.get(Field::AmPm) == Some(1);
        let hour = self.get(Field::Hour).or_else(|| self.get(Field::HourOfHalf));
        let or_zero = |field| self.get(field).unwrap_or(0);
        let hour = hour.unwrap_or(if afternoon { 12 } else { 0 });
        time_of(hour, or_zero(Field::Minute), or_zero(Field::Second), or_zero(Field::Nano))
    }
}

fn date_of(year: i32, month: i64, day: i64) -> Option<i32> {
    days_from_date(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
}

fn day_of_year(year: i32, day: i64) -> Option<i32> {
    let most = if is_leap_year(year) { 366 } else { 365 };
    let day = i32::try_from(day).ok().filter(|day| (1..=most).contains(day))?;
    days_from_date(year, 1, 1)?.checked_add(day - 1)
}

fn of_year(days: i32) -> i64 {
    let (year, ..) = date_from_days(days);
    days_from_date(year, 1, 1).map_or(0, |first| i64::from(days) - i64::from(first) + 1)
}

fn time_of(hour: i64, minute: i64, second: i64, nano: i64) -> Option<i64> {
    let valid = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second);
    valid.then(|| hour * MICROS_PER_HOUR + minute * MICROS_PER_MINUTE + second * MICROS_PER_SECOND + nano / 1000)
}
