//! Dates, timestamps, intervals and zones as Spark 3.2 reads, writes and computes them; plain functions without Arrow.
//!
//! Dates are days since 1970-01-01 in the proleptic Gregorian calendar, timestamps microseconds since the epoch.

pub mod calendar;
pub mod format;
pub mod interval;
pub mod parse;
pub mod pattern;
pub mod zone;

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
