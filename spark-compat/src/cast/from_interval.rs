//! Casts of intervals, which are those to string.

use arrow::array::{ArrayRef, AsArray, StringViewArray};
use arrow::datatypes::{DurationMicrosecondType, IntervalMonthDayNanoType, IntervalYearMonthType};
use datafusion::common::Result as DataFusionResult;

use crate::datetime::{CalendarInterval, format};
use crate::kernel;
use crate::types::SparkType;

pub(super) fn cast(array: &ArrayRef, from: &SparkType, to: &SparkType) -> DataFusionResult<ArrayRef> {
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
