//! Dates moved and compared: `date_add`, `add_months`, `datediff`, `months_between`, `last_day`, `next_day`.

use arrow::array::{AsArray, BooleanArray, Date32Array};
use arrow::compute::try_binary;
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int32Type, TimestampMicrosecondType};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, Operator, binary_expr, cast};

use super::super::arguments::{Arity, Input};
use super::super::{Call, Function};
use super::{kernel, overflow};
use crate::cast::from_string::parse_int;
use crate::datetime::calendar::{self, date_from_days, days_in_month};
use crate::datetime::zone::{Zone, split_days};
use crate::datetime::{MICROS_PER_SECOND, calendar::weekday};
use crate::error::{Result, SparkError};
use crate::kernel::{shared, unary};
use crate::resolver::Typed;
use crate::types::SparkType;

const DATE: &[Input] = &[Input::Date];
const DATE_AND_DAYS: &[Input] = &[Input::Date, Input::Any];

pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function::scalar("add_months", Arity::Exactly(2), &[Input::Date, Input::Int], add_months),
    Function::scalar("date_add", Arity::Exactly(2), DATE_AND_DAYS, |call| add_days_call(call, Operator::Plus)),
    Function::scalar("date_sub", Arity::Exactly(2), DATE_AND_DAYS, |call| add_days_call(call, Operator::Minus)),
    Function::scalar("datediff", Arity::Exactly(2), DATE, datediff),
    Function::scalar("last_day", Arity::Exactly(1), DATE, last_day),
    Function::scalar(
        "months_between",
        Arity::Between(2, 3),
        &[Input::Timestamp, Input::Timestamp, Input::Boolean],
        months_between,
    ),
    Function::scalar("next_day", Arity::Exactly(2), &[Input::Date, Input::String], next_day),
];

fn add_days_call(call: Call<'_>, op: Operator) -> Result<Typed> {
    let (name, called, nullable, zone) = (call.name(), call.called.to_owned(), call.any_nullable(), call.zone);
    let [date, days] = call.take()?;
    let days = match &days.data_type {
        SparkType::Byte | SparkType::Short | SparkType::Int | SparkType::Void => days.coerced(&SparkType::Int, zone)?,
        // A text is read where it stands in the query (Spark's `StringLiteralCoercion`).
        SparkType::String if days.as_literal().is_some() => {
            let text = days.as_literal().and_then(ScalarValue::try_as_str).flatten().unwrap_or_default();
            let whole = parse_int(text).filter(|_| !text.contains('.')).and_then(|n| i32::try_from(n).ok());
            let days = whole.ok_or_else(|| {
                SparkError::analysis(format!("The second argument of '{called}' function needs to be an integer."))
            })?;
            Typed::literal(days.into(), SparkType::Int, "")
        }
        other => {
            return Err(SparkError::analysis(format!(
                "cannot resolve '{name}' due to data type mismatch: argument 2 requires (int or smallint or tinyint) type, \
                 however, '{}' is of {other} type.",
                days.name
            )));
        }
    };
    Ok(Typed::new(add_days(date.expr, op, days.expr), SparkType::Date, nullable, name))
}

/// A Date32 and an Int32 of days; like Java's ints, days wrap around.
pub(super) fn add_days(date: Expr, op: Operator, days: Expr) -> Expr {
    cast(binary_expr(cast(date, DataType::Int32), op, days), DataType::Date32)
}

fn datediff(call: Call<'_>) -> Result<Typed> {
    let (name, nullable) = (call.name(), call.any_nullable());
    let [end, start] = call.take()?;
    let days = binary_expr(cast(end.expr, DataType::Int32), Operator::Minus, cast(start.expr, DataType::Int32));
    Ok(Typed::new(days, SparkType::Int, nullable, name))
}

fn add_months(call: Call<'_>) -> Result<Typed> {
    let (name, nullable) = (call.name(), call.any_nullable());
    let [date, months] = call.take()?;
    let expr = kernel::binary("spark_add_months", "", &SparkType::Date, [date.expr, months.expr], |dates, months| {
        let (dates, months) = (dates.as_primitive::<Date32Type>(), months.as_primitive::<Int32Type>());
        let moved: Date32Array =
            try_binary(dates, months, |d, m| calendar::add_months(d, m).ok_or_else(|| overflow("integer")))?;
        shared(moved)
    });
    Ok(Typed::new(expr, SparkType::Date, nullable, name))
}

fn last_day(call: Call<'_>) -> Result<Typed> {
    let (name, nullable) = (call.name(), call.any_nullable());
    let [date] = call.take()?;
    let expr = kernel::unary("spark_last_day", "", &SparkType::Date, date.expr, |dates| {
        shared(dates.as_primitive::<Date32Type>().unary::<_, Date32Type>(|days| {
            let (year, month, day) = date_from_days(days);
            days.wrapping_add((days_in_month(year, month) - day) as i32)
        }))
    });
    Ok(Typed::new(expr, SparkType::Date, nullable, name))
}

/// The first date after the given one that is on the named day of the week; NULL if there is no such day.
fn next_day(call: Call<'_>) -> Result<Typed> {
    let name = call.name();
    let [date, day] = call.take()?;
    let expr = kernel::binary("spark_next_day", "", &SparkType::Date, [date.expr, day.expr], |dates, names| {
        let (dates, names) = (dates.as_primitive::<Date32Type>(), names.as_string_view());
        let next = dates.iter().zip(names).map(|(days, name)| {
            let (days, wanted) = (days?, named_weekday(name?)?);
            Some(days.wrapping_add(1 + (wanted as i32 - weekday(days) as i32 - 1).rem_euclid(7)))
        });
        shared(next.collect::<Date32Array>())
    });
    Ok(Typed::new(expr, SparkType::Date, true, name))
}

/// The weekday, Monday = 0, by its English name or the first two or three letters of it.
fn named_weekday(name: &str) -> Option<u32> {
    const NAMES: [&str; 7] = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];
    let upper = name.to_uppercase();
    let is_name = |full: &&str| upper == **full || (matches!(upper.len(), 2 | 3) && full.starts_with(&upper));
    NAMES.iter().position(is_name).map(|at| at as u32)
}

fn months_between(call: Call<'_>) -> Result<Typed> {
    let (called, zone, nullable) = (call.called.to_owned(), call.zone, call.any_nullable());
    let mut args = call.args;
    if args.len() == 2 {
        args.push(Typed::literal(true.into(), SparkType::Boolean, "true"));
    }
    let name = crate::resolver::call_name(&called, &args);
    let args = args.into_iter().map(|arg| arg.expr).collect();
    let expr = kernel::call("spark_months_between", format!("{zone:?}"), &SparkType::Double, args, move |arrays| {
        let [ends, starts, rounded] = arrays else {
            return datafusion::common::internal_err!("months_between takes three arguments");
        };
        let (ends, starts) =
            (ends.as_primitive::<TimestampMicrosecondType>(), starts.as_primitive::<TimestampMicrosecondType>());
        let rounded: &BooleanArray = rounded.as_boolean();
        let months = ends.iter().zip(starts).zip(rounded).map(|((end, start), rounded)| {
            let months = months_of(end?, start?, zone);
            // `Math.round`: half up.
            Some(if rounded? { ((months * 1e8 + 0.5).floor() as i64) as f64 / 1e8 } else { months })
        });
        shared(months.collect::<arrow::array::PrimitiveArray<Float64Type>>())
    });
    Ok(Typed::new(expr, SparkType::Double, nullable, name))
}

/// Months from `start` to `end`; what is left over counts in months of 31 days, unless both are the same day of the month or
/// both the last (`DateTimeUtils.monthsBetween`).
fn months_of(end: i64, start: i64, zone: Zone) -> f64 {
    const SECONDS_PER_DAY: i64 = 86_400;
    let parts = |micros: i64| {
        let (days, _) = split_days(zone.to_local(micros));
        let (year, month, day) = date_from_days(days);
        let midnight =
            zone.to_utc(i64::from(days).saturating_mul(SECONDS_PER_DAY * MICROS_PER_SECOND)).unwrap_or(micros);
        let seconds = micros.saturating_sub(midnight) / MICROS_PER_SECOND;
        let last = days_in_month(year, month) == day;
        (i64::from(year) * 12 + i64::from(month), i64::from(day), last, seconds)
    };
    let (months1, day1, last1, seconds1) = parts(end);
    let (months2, day2, last2, seconds2) = parts(start);
    let months = (months1 - months2) as f64;
    if day1 == day2 || (last1 && last2) {
        return months;
    }
    let seconds = (day1 - day2) * SECONDS_PER_DAY + seconds1 - seconds2;
    months + seconds as f64 / (31 * SECONDS_PER_DAY) as f64
}

/// Whole days of an interval day, cut towards zero (Spark's `ExtractANSIIntervalDays`).
pub(super) fn whole_days(interval: Expr) -> Expr {
    kernel::unary("spark_interval_days", "", &SparkType::Int, interval, |micros| {
        let micros = micros.as_primitive::<arrow::datatypes::DurationMicrosecondType>();
        shared(unary::<_, Int32Type>(micros, |m| Some((m / crate::datetime::MICROS_PER_DAY) as i32)))
    })
}
