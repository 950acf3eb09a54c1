//! Dates, timestamps and intervals: their functions by subject, and the operators on them.

mod arithmetic;
pub(super) mod dates;
pub(super) mod epoch;
pub(super) mod fields;
mod interval_arithmetic;
mod kernel;
pub(super) mod make;
pub(super) mod moment;
pub(super) mod patterns;
pub(super) mod truncate;
pub(super) mod zones;

pub(crate) use arithmetic::{arithmetic, negate};
pub(crate) use fields::extract;

use arrow::error::ArrowError;

use crate::datetime::CalendarInterval;
use crate::error::SparkError;

/// The error of Java's exact arithmetic, for kernels.
fn overflow(what: &str) -> ArrowError {
    failed(SparkError::arithmetic(format!("{what} overflow")))
}

/// An error of a kernel.
fn failed(error: SparkError) -> ArrowError {
    ArrowError::ExternalError(Box::new(error))
}

/// A calendar interval as plans hold it; nanoseconds hold the microseconds of 292 years at most.
fn to_arrow(interval: CalendarInterval) -> Result<arrow::datatypes::IntervalMonthDayNano, ArrowError> {
    let nanos = interval.micros.checked_mul(1000).ok_or_else(|| {
        failed(SparkError::unsupported("calendar intervals of more than 292 years in hours, minutes and seconds"))
    })?;
    Ok(arrow::datatypes::IntervalMonthDayNano::new(interval.months, interval.days, nanos))
}

/// A calendar interval from what plans hold.
fn from_arrow(interval: arrow::datatypes::IntervalMonthDayNano) -> CalendarInterval {
    CalendarInterval { months: interval.months, days: interval.days, micros: interval.nanoseconds / 1000 }
}
