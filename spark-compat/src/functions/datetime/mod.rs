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
pub(super) mod window;
pub(super) mod zones;

pub(crate) use arithmetic::{arithmetic, exact_sum, negate};
pub(crate) use fields::extract;
pub(crate) use window::{TimeWindows, window_between, window_of};

use arrow::datatypes::IntervalMonthDayNano;
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

/// A calendar interval as plans hold it.
fn to_arrow(interval: CalendarInterval) -> Result<IntervalMonthDayNano, ArrowError> {
    interval.to_arrow().map_err(failed)
}
