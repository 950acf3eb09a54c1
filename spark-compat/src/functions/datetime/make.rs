//! Dates, timestamps and intervals from their parts: `make_date`, `make_timestamp`, `make_interval`, ..

use arrow::array::{Array, ArrayRef, AsArray, Date32Array, PrimitiveArray, TimestampMicrosecondArray};
use arrow::datatypes::{
    Decimal128Type, DurationMicrosecondType, Int32Type, IntervalMonthDayNanoType, IntervalYearMonthType,
};
use arrow::error::ArrowError;
use datafusion::common::ScalarValue;
use datafusion::common::{Result as DataFusionResult, internal_err};

use super::super::arguments::{Arity, Input};
use super::super::{Call, Function};
use super::zones::Zones;
use super::{kernel, overflow, to_arrow};
use crate::datetime::calendar::days_from_date;
use crate::datetime::{CalendarInterval, MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE};
use crate::error::Result;
use crate::kernel::shared;
use crate::resolver::{Typed, call_name};
use crate::types::{DayTimeField, SparkType, YearMonthField};

const INT: Input = Input::Int;
const DAYS_PER_400_YEARS: i64 = 146_097;

pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function::scalar("make_date", Arity::Exactly(3), &[INT], make_date),
    Function::scalar(
        "make_timestamp",
        Arity::Between(6, 7),
        &[INT, INT, INT, INT, INT, Input::DecimalOf(16, 6), Input::String],
        make_timestamp,
    ),
    Function::scalar(
        "make_interval",
        Arity::Between(0, 7),
        &[INT, INT, INT, INT, INT, INT, Input::DecimalOf(18, 6)],
        make_interval,
    ),
    Function::scalar(
        "make_dt_interval",
        Arity::Between(0, 4),
        &[INT, INT, INT, Input::DecimalOf(18, 6)],
        make_dt_interval,
    ),
    Function::scalar("make_ym_interval", Arity::Between(0, 2), &[INT], make_ym_interval),
];

/// NULL where there is no such date; an error where there is one and Spark's dates do not reach it.
fn make_date(call: Call<'_>) -> Result<Typed> {
    let name = call.name();
    let args = call.args.into_iter().map(|arg| arg.expr).collect();
    let expr = kernel::call("spark_make_date", "", &SparkType::Date, args, |arrays| {
        let rows = arrays.first().map_or(0, |array| array.len());
        let [years, months, days] = &ints(arrays)?[..] else { return internal_err!("make_date takes three arguments") };
        let days = |row| date_of(value(years, row)?, value(months, row)?, value(days, row)?);
        let dates =
            (0..rows).map(|row| days(row).map(|days| i32::try_from(days).map_err(|_| overflow("integer"))).transpose());
        shared(dates.collect::<Result<Date32Array, ArrowError>>()?)
    });
    Ok(Typed::new(expr, SparkType::Date, true, name))
}

/// The days from 1970 to a date of `java.time.LocalDate`, which are more than Spark's dates can hold in distant years.
fn date_of(year: i32, month: i32, day: i32) -> Option<i64> {
    if !(-999_999_999..=999_999_999).contains(&year) {
        return None;
    }
    // The calendar repeats itself every 400 years.
    let (cycle, year) = (year.div_euclid(400), year.rem_euclid(400));
    let days = days_from_date(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?)?;
    Some(i64::from(days) + i64::from(cycle) * DAYS_PER_400_YEARS)
}

/// NULL where there is no such time, an error beyond the range of timestamps; in the session's zone, or in that of the seventh argument.
fn make_timestamp(call: Call<'_>) -> Result<Typed> {
    let (name, zone) = (call.name(), call.zone);
    let args = call.args.into_iter().map(|arg| arg.expr).collect();
    let to = SparkType::Timestamp;
    let expr = kernel::call("spark_make_timestamp", format!("{zone:?}"), &to, args, move |arrays| {
        let Some(([parts @ .., seconds], zones)) = arrays.get(..6).map(|first| (first, arrays.get(6))) else {
            return internal_err!("make_timestamp takes six arguments");
        };
        let parts = ints(parts)?;
        let seconds = seconds.as_primitive::<Decimal128Type>();
        let zones = zones.map(|zones| zones.as_string_view());
        let mut known = Zones::default();
        let times = (0..seconds.len()).map(|row| {
            let zone = match zones {
                None => zone,
                Some(zones) if zones.is_null(row) => return Ok(None),
                Some(zones) => known.get(zones.value(row))?,
            };
            let parts: Option<Vec<i32>> = parts.iter().map(|part| value(part, row)).collect();
            let Some(parts) = parts.filter(|_| seconds.is_valid(row)) else { return Ok(None) };
            let Some(local) = clock_of(&parts, seconds.value(row)) else { return Ok(None) };
            let utc = i64::try_from(local).ok().and_then(|local| zone.to_utc(local));
            utc.map(Some).ok_or_else(|| overflow("long"))
        });
        shared(times.collect::<Result<TimestampMicrosecondArray, ArrowError>>()?.with_timezone("UTC"))
    });
    Ok(Typed::new(expr, to, true, name))
}

/// The clock at year, month, day, hour and minute, and microseconds of the minute; 60 seconds are a whole minute.
fn clock_of(parts: &[i32], micros: i128) -> Option<i128> {
    let [year, month, day, hour, minute] = *parts else { return None };
    let days = date_of(year, month, day)?;
    let micros = i64::try_from(micros).ok().filter(|micros| (0..=MICROS_PER_MINUTE).contains(micros))?;
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) {
        return None;
    }
    let time = i64::from(hour) * MICROS_PER_HOUR + i64::from(minute) * MICROS_PER_MINUTE + micros;
    Some(i128::from(days) * i128::from(MICROS_PER_DAY) + i128::from(time))
}

/// NULL where the parts do not fit an interval.
fn make_interval(call: Call<'_>) -> Result<Typed> {
    let (name, args) = with_zeros(call, 7, true);
    let expr = kernel::call("spark_make_interval", "", &SparkType::CalendarInterval, args, |arrays| {
        let Some(([parts @ .., seconds], [])) = arrays.split_at_checked(7) else {
            return internal_err!("make_interval takes seven arguments");
        };
        let (parts, seconds) = (ints(parts)?, seconds.as_primitive::<Decimal128Type>());
        let intervals = (0..seconds.len()).map(|row| {
            let parts: Option<Vec<i32>> = parts.iter().map(|part| value(part, row)).collect();
            let Some(parts) = parts.filter(|_| seconds.is_valid(row)) else { return Ok(None) };
            calendar_interval(&parts, seconds.value(row)).map(to_arrow).transpose()
        });
        shared(intervals.collect::<Result<PrimitiveArray<IntervalMonthDayNanoType>, ArrowError>>()?)
    });
    Ok(Typed::new(expr, SparkType::CalendarInterval, true, name))
}

fn calendar_interval(parts: &[i32], seconds: i128) -> Option<CalendarInterval> {
    let [years, months, weeks, days, hours, minutes] = *parts else { return None };
    let time = i64::from(hours) * MICROS_PER_HOUR + i64::from(minutes) * MICROS_PER_MINUTE;
    Some(CalendarInterval {
        months: years.checked_mul(12)?.checked_add(months)?,
        days: weeks.checked_mul(7)?.checked_add(days)?,
        micros: time.checked_add(i64::try_from(seconds).ok()?)?,
    })
}

/// An error where the parts do not fit an interval.
fn make_dt_interval(call: Call<'_>) -> Result<Typed> {
    let nullable = call.any_nullable();
    let (name, args) = with_zeros(call, 4, true);
    let to = SparkType::DayTimeInterval { start: DayTimeField::Day, end: DayTimeField::Second };
    let expr = kernel::call("spark_make_dt_interval", "", &to, args, |arrays| {
        let Some(([parts @ .., seconds], [])) = arrays.split_at_checked(4) else {
            return internal_err!("make_dt_interval takes four arguments");
        };
        let (parts, seconds) = (ints(parts)?, seconds.as_primitive::<Decimal128Type>());
        let intervals = (0..seconds.len()).map(|row| {
            let parts: Option<Vec<i32>> = parts.iter().map(|part| value(part, row)).collect();
            let Some(parts) = parts.filter(|_| seconds.is_valid(row)) else { return Ok(None) };
            day_time_micros(&parts, seconds.value(row)).map(Some).ok_or_else(|| overflow("long"))
        });
        shared(intervals.collect::<Result<PrimitiveArray<DurationMicrosecondType>, ArrowError>>()?)
    });
    Ok(Typed::new(expr, to, nullable, name))
}

fn day_time_micros(parts: &[i32], seconds: i128) -> Option<i64> {
    let [days, hours, minutes] = *parts else { return None };
    let total = i128::from(days) * i128::from(MICROS_PER_DAY)
        + i128::from(hours) * i128::from(MICROS_PER_HOUR)
        + i128::from(minutes) * i128::from(MICROS_PER_MINUTE)
        + seconds;
    i64::try_from(total).ok()
}

/// An error where the parts do not fit an interval.
fn make_ym_interval(call: Call<'_>) -> Result<Typed> {
    let nullable = call.any_nullable();
    let (name, args) = with_zeros(call, 2, false);
    let to = SparkType::YearMonthInterval { start: YearMonthField::Year, end: YearMonthField::Month };
    let expr = kernel::call("spark_make_ym_interval", "", &to, args, |arrays| {
        let [years, months] = &ints(arrays)?[..] else { return internal_err!("make_ym_interval takes two arguments") };
        let intervals: PrimitiveArray<IntervalYearMonthType> = arrow::compute::try_binary(*years, *months, |y, m| {
            let total = i64::from(y) * 12 + i64::from(m);
            i32::try_from(total).map_err(|_| overflow("integer"))
        })?;
        shared(intervals)
    });
    Ok(Typed::new(expr, to, nullable, name))
}

/// The name and the arguments with zeros for those that are not given; Spark shows them.
fn with_zeros(call: Call<'_>, count: usize, seconds: bool) -> (String, Vec<datafusion::logical_expr::Expr>) {
    let called = call.called.to_owned();
    let mut args = call.args;
    while args.len() < count {
        args.push(if seconds && args.len() + 1 == count {
            Typed::literal(ScalarValue::Decimal128(Some(0), 18, 6), SparkType::decimal(18, 6), "0.000000")
        } else {
            Typed::literal(0i32.into(), SparkType::Int, "0")
        });
    }
    (call_name(&called, &args), args.into_iter().map(|arg| arg.expr).collect())
}

fn ints(arrays: &[ArrayRef]) -> DataFusionResult<Vec<&PrimitiveArray<Int32Type>>> {
    arrays
        .iter()
        .map(|array| match array.as_primitive_opt::<Int32Type>() {
            Some(ints) => Ok(ints),
            None => internal_err!("an int is expected and not {}", array.data_type()),
        })
        .collect()
}

fn value(array: &PrimitiveArray<Int32Type>, row: usize) -> Option<i32> {
    array.is_valid(row).then(|| array.value(row))
}
