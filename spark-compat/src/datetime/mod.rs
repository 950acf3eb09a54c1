//! Dates, timestamps, intervals and zones as Spark 3.2 reads, writes and computes them; plain functions on single values.
//!
//! Dates are days since 1970-01-01 in the proleptic Gregorian calendar, timestamps microseconds since the epoch.

pub mod calendar;
pub mod format;
pub mod interval;
pub mod parse;
pub mod pattern;
pub mod zone;

use arrow::datatypes::IntervalMonthDayNano;

use crate::error::{Result, SparkError};

/// Microseconds in a second.
pub const MICROS_PER_SECOND: i64 = 1_000_000;
/// Microseconds in a minute.
pub const MICROS_PER_MINUTE: i64 = 60 * MICROS_PER_SECOND;
/// Microseconds in an hour.
pub const MICROS_PER_HOUR: i64 = 60 * MICROS_PER_MINUTE;
/// Microseconds in a day.
pub const MICROS_PER_DAY: i64 = 24 * MICROS_PER_HOUR;

/// A calendar interval: Spark's `CalendarInterval`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CalendarInterval {
    /// Months.
    pub months: i32,
    /// Days.
    pub days: i32,
    /// Microseconds.
    pub micros: i64,
}

impl CalendarInterval {
    /// The interval as plans hold it, whose nanoseconds hold the microseconds of 292 years at most.
    pub fn to_arrow(self) -> Result<IntervalMonthDayNano> {
        let nanos = self.micros.checked_mul(1000).ok_or_else(|| {
            SparkError::unsupported("calendar intervals of more than 292 years in hours, minutes and seconds")
        })?;
        Ok(IntervalMonthDayNano::new(self.months, self.days, nanos))
    }

    /// The interval that plans hold so.
    pub fn from_arrow(interval: IntervalMonthDayNano) -> Self {
        Self { months: interval.months, days: interval.days, micros: interval.nanoseconds / 1000 }
    }
}

/// The clock at a time of a day in microseconds; `None` beyond the range of timestamps.
pub fn clock(days: i32, time: i64) -> Option<i64> {
    i64::try_from(i128::from(days) * i128::from(MICROS_PER_DAY) + i128::from(time)).ok()
}
