//! `+ - * /` and the signs where dates, timestamps or intervals take part (Spark's `ResolveBinaryArithmetic`).

use arrow::array::{AsArray, TimestampMicrosecondArray};
use arrow::compute::try_binary;
use arrow::datatypes::{
    Date32Type, DurationMicrosecondType, IntervalMonthDayNanoType, IntervalYearMonthType, TimestampMicrosecondType,
};
use datafusion::logical_expr::{Expr, Operator};

use super::interval_arithmetic as intervals;
use super::{dates, kernel, overflow};
use crate::arithmetic::ArithmeticOp;
use crate::datetime::calendar;
use crate::datetime::zone::{Zone, split_days};
use crate::datetime::{CalendarInterval, MICROS_PER_DAY, clock};
use crate::error::{Result, SparkError};
use crate::kernel::shared;
use crate::resolver::Typed;
use crate::types::{DayTimeField, SparkType};

pub(crate) use intervals::{exact_sum, negate};

/// `left op right` where one side is a date, a timestamp or an interval; `None` for numbers.
pub(crate) fn arithmetic(op: ArithmeticOp, left: &Typed, right: &Typed, zone: Zone) -> Result<Option<Typed>> {
    if !is_temporal(&left.data_type) && !is_temporal(&right.data_type) {
        return Ok(None);
    }
    let (left, right) = (left.clone(), right.clone());
    match op {
        ArithmeticOp::Add => add(left, right, zone),
        ArithmeticOp::Subtract => subtract(left, right, zone),
        ArithmeticOp::Multiply => intervals::multiply(left, right, zone),
        ArithmeticOp::Divide => intervals::divide(left, right, zone),
        _ => Err(mismatch(op, &left, &right)),
    }
    .map(Some)
}

fn is_temporal(t: &SparkType) -> bool {
    matches!(t, SparkType::Date | SparkType::Timestamp) || is_interval(t)
}

fn is_interval(t: &SparkType) -> bool {
    use SparkType as T;
    matches!(t, T::YearMonthInterval { .. } | T::DayTimeInterval { .. } | T::CalendarInterval)
}

/// Spark's error for operands that do not go together.
pub(super) fn mismatch(op: ArithmeticOp, left: &Typed, right: &Typed) -> SparkError {
    let name = format!("({} {} {})", left.name, op.symbol(), right.name);
    SparkError::analysis(format!(
        "cannot resolve '{name}' due to data type mismatch: differing types in '{name}' ({} and {}).",
        left.data_type, right.data_type
    ))
}

fn days_only(t: &SparkType) -> bool {
    matches!(t, SparkType::DayTimeInterval { start: DayTimeField::Day, end: DayTimeField::Day })
}

fn add(left: Typed, right: Typed, zone: Zone) -> Result<Typed> {
    use SparkType as T;
    let same_kind = |l: &T, r: &T| std::mem::discriminant(l) == std::mem::discriminant(r) && is_interval(l);
    match (&left.data_type, &right.data_type) {
        (l, r) if same_kind(l, r) => intervals::sum(ArithmeticOp::Add, left, right, zone),
        (T::Void, T::YearMonthInterval { .. } | T::DayTimeInterval { .. })
        | (T::YearMonthInterval { .. } | T::DayTimeInterval { .. }, T::Void) => {
            intervals::sum(ArithmeticOp::Add, left, right, zone)
        }
        (T::YearMonthInterval { .. }, T::Date | T::Timestamp) => add(right, left, zone),
        (T::DayTimeInterval { .. } | T::CalendarInterval, t) if !is_interval(t) => add(right, left, zone),
        (T::Date, T::YearMonthInterval { .. } | T::DayTimeInterval { .. } | T::CalendarInterval)
        | (T::Timestamp, T::YearMonthInterval { .. }) => move_by(left, right, 1, zone),
        (l, T::DayTimeInterval { .. } | T::CalendarInterval) if !is_interval(l) => move_by(left, right, 1, zone),
        (T::Date, r) if *r != T::String && *r != T::Timestamp => {
            super::super::call("date_add", vec![left, right], zone)
        }
        (l, T::Date) if *l != T::String && *l != T::Timestamp => {
            super::super::call("date_add", vec![right, left], zone)
        }
        _ => Err(mismatch(ArithmeticOp::Add, &left, &right)),
    }
}

fn subtract(left: Typed, right: Typed, zone: Zone) -> Result<Typed> {
    use SparkType as T;
    let same_kind = |l: &T, r: &T| std::mem::discriminant(l) == std::mem::discriminant(r) && is_interval(l);
    match (&left.data_type, &right.data_type) {
        (l, r) if same_kind(l, r) => intervals::sum(ArithmeticOp::Subtract, left, right, zone),
        (T::Void, T::YearMonthInterval { .. } | T::DayTimeInterval { .. })
        | (T::YearMonthInterval { .. } | T::DayTimeInterval { .. }, T::Void) => {
            intervals::sum(ArithmeticOp::Subtract, left, right, zone)
        }
        (T::Date, T::YearMonthInterval { .. } | T::DayTimeInterval { .. } | T::CalendarInterval)
        | (T::Timestamp, T::YearMonthInterval { .. }) => move_by(left, right, -1, zone),
        (l, T::DayTimeInterval { .. } | T::CalendarInterval) if !is_interval(l) => move_by(left, right, -1, zone),
        (T::Timestamp, T::Date | T::Timestamp | T::Void) | (T::Date | T::Void, T::Timestamp) => {
            subtract_timestamps(left, right, zone)
        }
        (T::Date | T::String | T::Void, T::Date) => subtract_dates(left, right, zone),
        (T::Date, r) if *r != T::String => super::super::call("date_sub", vec![left, right], zone),
        _ => Err(mismatch(ArithmeticOp::Subtract, &left, &right)),
    }
}

/// A date, a timestamp or the text of one, moved by an interval; `sign` says in which direction.
fn move_by(time: Typed, interval: Typed, sign: i32, zone: Zone) -> Result<Typed> {
    use SparkType as T;
    let symbol = if sign < 0 { '-' } else { '+' };
    let name = format!("{} {symbol} {}", time.name, interval.name);
    let nullable = time.nullable || interval.nullable;
    match (&time.data_type, &interval.data_type) {
        (T::Date, t) if days_only(t) => {
            let name = match sign {
                1 => format!("date_add({}, extractansiintervaldays({}))", time.name, interval.name),
                _ => format!("date_add({}, (- extractansiintervaldays({})))", time.name, interval.name),
            };
            let op = if sign < 0 { Operator::Minus } else { Operator::Plus };
            let moved = dates::add_days(time.expr, op, dates::whole_days(interval.expr));
            Ok(Typed::new(moved, T::Date, nullable, name))
        }
        (T::Date, T::YearMonthInterval { .. }) => {
            Ok(Typed::new(date_and_months(time.expr, interval.expr, sign), T::Date, nullable, name))
        }
        (T::Date, T::CalendarInterval) => {
            Ok(Typed::new(date_and_calendar(time.expr, interval.expr, sign), T::Date, nullable, name))
        }
        (T::Date, _) => {
            let time = time.coerced(&T::Timestamp, zone)?;
            Ok(Typed::new(timestamp_and(time.expr, interval, sign, zone), T::Timestamp, nullable, name))
        }
        (T::Timestamp, _) => {
            Ok(Typed::new(timestamp_and(time.expr, interval, sign, zone), T::Timestamp, nullable, name))
        }
        // Spark casts the sum back to the text's type.
        (T::String, _) => {
            let time = time.coerced(&T::Timestamp, zone)?;
            let moved = Typed::new(timestamp_and(time.expr, interval, sign, zone), T::Timestamp, true, name);
            moved.coerced(&T::String, zone)
        }
        _ => Err(SparkError::analysis(format!(
            "cannot resolve '{name}' due to data type mismatch: argument 1 requires (timestamp or timestamp without time zone) \
             type, however, '{}' is of {} type.",
            time.name, time.data_type
        ))),
    }
}

fn date_and_months(date: Expr, interval: Expr, sign: i32) -> Expr {
    kernel::binary(
        "spark_date_and_months",
        sign.to_string(),
        &SparkType::Date,
        [date, interval],
        move |dates, months| {
            let (dates, months) = (dates.as_primitive::<Date32Type>(), months.as_primitive::<IntervalYearMonthType>());
            shared(try_binary::<_, _, _, Date32Type>(dates, months, |days, months| {
                let months = months.checked_mul(sign).ok_or_else(|| overflow("integer"))?;
                calendar::add_months(days, months).ok_or_else(|| overflow("integer"))
            })?)
        },
    )
}

/// Months first, then days; the time of the interval does not count (not ANSI).
fn date_and_calendar(date: Expr, interval: Expr, sign: i32) -> Expr {
    let args = [date, interval];
    kernel::binary("spark_date_and_interval", sign.to_string(), &SparkType::Date, args, move |dates, intervals| {
        let dates = dates.as_primitive::<Date32Type>();
        let intervals = intervals.as_primitive::<IntervalMonthDayNanoType>();
        shared(try_binary::<_, _, _, Date32Type>(dates, intervals, |days, interval| {
            let CalendarInterval { months, days: more, micros: _ } = CalendarInterval::from_arrow(interval);
            let total = calendar::add_months(days, months.wrapping_mul(sign))
                .and_then(|moved| moved.checked_add(more.wrapping_mul(sign)));
            total.ok_or_else(|| overflow("integer"))
        })?)
    })
}

/// Months, then days on the zone's clock, then exact time.
fn timestamp_and(time: Expr, interval: Typed, sign: i32, zone: Zone) -> Expr {
    let kind = interval.data_type.clone();
    let parameters = format!("{zone:?} {sign}");
    let args = [time, interval.expr];
    kernel::binary("spark_timestamp_and_interval", parameters, &SparkType::Timestamp, args, move |times, intervals| {
        let times = times.as_primitive::<TimestampMicrosecondType>();
        let long = || overflow("long");
        let moved: TimestampMicrosecondArray = match kind {
            SparkType::YearMonthInterval { .. } => {
                try_binary(times, intervals.as_primitive::<IntervalYearMonthType>(), |time, months| {
                    let months = months.checked_mul(sign).ok_or_else(|| overflow("integer"))?;
                    moved(time, CalendarInterval { months, days: 0, micros: 0 }, zone).ok_or_else(long)
                })?
            }
            SparkType::DayTimeInterval { .. } => {
                try_binary(times, intervals.as_primitive::<DurationMicrosecondType>(), |time, micros| {
                    let micros = micros.checked_mul(sign.into()).ok_or_else(long)?;
                    let days = (micros / MICROS_PER_DAY) as i32;
                    let micros = micros % MICROS_PER_DAY;
                    moved(time, CalendarInterval { months: 0, days, micros }, zone).ok_or_else(long)
                })?
            }
            _ => try_binary(times, intervals.as_primitive::<IntervalMonthDayNanoType>(), |time, interval| {
                let CalendarInterval { months, days, micros } = CalendarInterval::from_arrow(interval);
                let signed = CalendarInterval {
                    months: months.wrapping_mul(sign),
                    days: days.wrapping_mul(sign),
                    micros: micros.wrapping_mul(sign.into()),
                };
                moved(time, signed, zone).ok_or_else(long)
            })?,
        };
        shared(moved.with_timezone("UTC"))
    })
}

/// `ZonedDateTime.plusMonths(..).plusDays(..).plus(micros)`; `None` beyond the range of timestamps.
pub(super) fn moved(micros: i64, interval: CalendarInterval, zone: Zone) -> Option<i64> {
    let mut at = micros;
    if interval.months != 0 {
        let (days, time) = split_days(zone.to_local(at));
        let days = calendar::add_months(days, interval.months)?;
        let local = clock(days, time)?;
        at = zone.to_utc_keeping(local, zone.offset_at(at))?;
    }
    if interval.days != 0 {
        let local = zone.to_local(at).checked_add(i64::from(interval.days).checked_mul(MICROS_PER_DAY)?)?;
        at = zone.to_utc_keeping(local, zone.offset_at(at))?;
    }
    at.checked_add(interval.micros)
}

/// The difference of two clocks in the session's zone.
fn subtract_timestamps(left: Typed, right: Typed, zone: Zone) -> Result<Typed> {
    let (name, nullable) = (format!("({} - {})", left.name, right.name), left.nullable || right.nullable);
    let to = SparkType::DayTimeInterval { start: DayTimeField::Day, end: DayTimeField::Second };
    let left = left.coerced(&SparkType::Timestamp, zone)?;
    let right = right.coerced(&SparkType::Timestamp, zone)?;
    let args = [left.expr, right.expr];
    let expr = kernel::binary("spark_subtract_timestamps", format!("{zone:?}"), &to, args, move |ends, starts| {
        let (ends, starts) =
            (ends.as_primitive::<TimestampMicrosecondType>(), starts.as_primitive::<TimestampMicrosecondType>());
        shared(try_binary::<_, _, _, DurationMicrosecondType>(ends, starts, |end, start| {
            zone.to_local(end).checked_sub(zone.to_local(start)).ok_or_else(|| overflow("long"))
        })?)
    });
    Ok(Typed::new(expr, to, nullable, name))
}

fn subtract_dates(left: Typed, right: Typed, zone: Zone) -> Result<Typed> {
    let name = format!("({} - {})", left.name, right.name);
    let to = SparkType::DayTimeInterval { start: DayTimeField::Day, end: DayTimeField::Day };
    let left = left.coerced(&SparkType::Date, zone)?;
    let nullable = left.nullable || right.nullable;
    let expr = kernel::binary("spark_subtract_dates", "", &to, [left.expr, right.expr], |ends, starts| {
        let (ends, starts) = (ends.as_primitive::<Date32Type>(), starts.as_primitive::<Date32Type>());
        shared(try_binary::<_, _, _, DurationMicrosecondType>(ends, starts, |end, start| {
            let days = end.checked_sub(start).ok_or_else(|| overflow("integer"))?;
            i64::from(days).checked_mul(MICROS_PER_DAY).ok_or_else(|| overflow("long"))
        })?)
    });
    Ok(Typed::new(expr, to, nullable, name))
}
