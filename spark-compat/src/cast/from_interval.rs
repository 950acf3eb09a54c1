//! Casts of intervals: to string, and to other fields, where what is below the last field is cut off.

use arrow::array::{ArrayRef, AsArray, StringViewArray};
use arrow::datatypes::{DurationMicrosecondType, IntervalMonthDayNanoType, IntervalYearMonthType};
use datafusion::common::Result as DataFusionResult;

use crate::datetime::{CalendarInterval, MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, format};
use crate::kernel;
use crate::types::{DayTimeField, SparkType, YearMonthField};

pub(super) fn cast(array: &ArrayRef, from: &SparkType, to: &SparkType) -> DataFusionResult<ArrayRef> {
    match (from, to) {
        (_, SparkType::YearMonthInterval { end, .. }) => {
            let unit = if *end == YearMonthField::Year { 12 } else { 1 };
            let months = array.as_primitive::<IntervalYearMonthType>();
            kernel::shared(months.unary::<_, IntervalYearMonthType>(|m| m - m % unit))
        }
        (_, SparkType::DayTimeInterval { end, .. }) => {
            let unit = match end {
                DayTimeField::Day => MICROS_PER_DAY,
                DayTimeField::Hour => MICROS_PER_HOUR,
                DayTimeField::Minute => MICROS_PER_MINUTE,
                DayTimeField::Second => 1,
            };
            let micros = array.as_primitive::<DurationMicrosecondType>();
            kernel::shared(micros.unary::<_, DurationMicrosecondType>(|m| m - m % unit))
        }
        _ => to_string(array, from, to),
    }
}

fn to_string(array: &ArrayRef, from: &SparkType, to: &SparkType) -> DataFusionResult<ArrayRef> {
    let texts: StringViewArray = match (from, to) {
        (SparkType::YearMonthInterval { start, end }, SparkType::String) => {
            let months = array.as_primitive::<IntervalYearMonthType>();
            months.iter().map(|m| m.map(|m| format::year_month_interval(m, *start, *end))).collect()
        }
        (SparkType::DayTimeInterval { start, end }, SparkType::String) => {
            let micros = array.as_primitive::<DurationMicrosecondType>();
            micros.iter().map(|m| m.map(|m| format::day_time_interval(m, *start, *end))).collect()
        }
        (SparkType::CalendarInterval, SparkType::String) => {
            let intervals = array.as_primitive::<IntervalMonthDayNanoType>();
            let text = |i: arrow::datatypes::IntervalMonthDayNano| {
                let micros = i.nanoseconds / 1000;
                format::calendar_interval(CalendarInterval { months: i.months, days: i.days, micros })
            };
            intervals.iter().map(|i| i.map(text)).collect()
        }
        _ => return super::no_kernel(from, to),
    };
    kernel::shared(texts)
}
