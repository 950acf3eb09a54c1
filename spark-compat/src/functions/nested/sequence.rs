//! `sequence(start, stop[, step])` over integers, dates and timestamps, both ends included (Spark's `Sequence`).

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::cast as arrow_cast;
use arrow::datatypes::{DataType, DurationMicrosecondType, Int64Type, IntervalMonthDayNanoType, IntervalYearMonthType};
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime};
use datafusion::common::{Result as DataFusionResult, internal_err};

use super::{array_of, lists, mismatch, udf};
use crate::coercion;
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::functions::arguments::{Arity, Input};
use crate::functions::{Call, Function, Support};
use crate::resolver::Typed;
use crate::types::SparkType;

pub(in crate::functions) const FUNCTIONS: &[Function] =
    &[Function::scalar("sequence", Arity::Between(2, 3), &[Input::Any], sequence).with_support(Support::Partial(
        "integers, dates and timestamps; timestamps and steps below a day in session time zones without daylight saving only",
    ))];

fn sequence(call: Call<'_>) -> Result<Typed> {
    let (name, nullable, zone) = (call.name(), call.any_nullable(), call.zone);
    let mut args = call.args.into_iter();
    let (Some(start), Some(stop)) = (args.next(), args.next()) else {
        return Err(SparkError::internal("sequence without ends"));
    };
    let step = args.next();
    let ends = [start.data_type.clone(), stop.data_type.clone()];
    let refused = || {
        let what = "sequence uses the wrong parameter type. The parameter type must conform to: 1. The start and stop expressions \
                    must resolve to the same type. 2. integers, dates or timestamps with steps that fit.";
        mismatch(&name, what)
    };
    let mut types = ends.to_vec();
    if let Some(step) = step.as_ref().filter(|step| step.data_type.is_integral()) {
        types.push(step.data_type.clone());
    }
    let common = coercion::wider_common_type(&types).ok_or_else(refused)?;
    let step = step_of(&common, step).ok_or_else(refused)?;
    let data_type = array_of(common.clone());
    let (start, stop) = (start.coerced(&common, zone)?, stop.coerced(&common, zone)?);
    let mut exprs = vec![start.expr, stop.expr];
    if common.is_integral() {
        if let Some(step) = step {
            exprs.push(step.coerced(&common, zone)?.expr);
        }
        let expr = udf::call("spark_sequence", &data_type, exprs, integers);
        return Ok(Typed::new(expr, data_type, nullable, name));
    }
    if common == SparkType::Timestamp && matches!(zone, Zone::Region(_)) {
        return Err(SparkError::unsupported("sequence of timestamps in a time zone with daylight saving"));
    }
    let offset = match zone {
        Zone::Fixed(seconds) | Zone::Prefixed(_, seconds) => i64::from(seconds) * 1_000_000,
        Zone::Region(_) => 0,
    };
    exprs.push(Typed::literal(offset.into(), SparkType::Long, "").expr);
    exprs.extend(step.map(|step| step.expr));
    let expr = udf::call("spark_sequence_of_times", &data_type, exprs, times);
    Ok(Typed::new(expr, data_type, nullable, name))
}

/// The step if its type fits the ends; `None` if not.
fn step_of(common: &SparkType, step: Option<Typed>) -> Option<Option<Typed>> {
    use SparkType as T;
    let Some(step) = step else {
        return matches!(common, T::Byte | T::Short | T::Int | T::Long | T::Date | T::Timestamp).then_some(None);
    };
    let fits = match common {
        integral if integral.is_integral() => step.data_type.is_integral() || step.data_type == T::Void,
        T::Date | T::Timestamp => {
            matches!(step.data_type, T::CalendarInterval | T::YearMonthInterval { .. } | T::DayTimeInterval { .. })
        }
        _ => false,
    };
    fits.then_some(Some(step))
}

fn illegal<T>(start: i64, stop: i64, step: i64) -> DataFusionResult<T> {
    let message = format!("requirement failed: Illegal sequence boundaries: {start} to {stop} by {step}");
    Err(SparkError::illegal_argument(message).into())
}

/// The number of steps from `start` to `stop`.
fn steps(start: i64, stop: i64, step: i64) -> DataFusionResult<u64> {
    let right_way = (step > 0 && start <= stop) || (step < 0 && start >= stop) || (step == 0 && start == stop);
    if !right_way {
        return illegal(start, stop, step);
    }
    Ok(if step == 0 { 0 } else { start.abs_diff(stop) / step.unsigned_abs() })
}

/// Refuses what Spark refuses, and what would not fit a batch.
fn check_length(total: usize, steps: u64) -> DataFusionResult<()> {
    const MAX_LENGTH: u64 = 2_147_483_632;
    let length = steps.saturating_add(1);
    if length > MAX_LENGTH {
        let message = format!("requirement failed: Too long sequence: {length}. Should be <= {MAX_LENGTH}");
        return Err(SparkError::illegal_argument(message).into());
    }
    lists::check_elements(total.saturating_add(usize::try_from(length).unwrap_or(usize::MAX)))
}

fn integers(arrays: &[ArrayRef], result: &DataType) -> DataFusionResult<ArrayRef> {
    let [start, stop, rest @ ..] = arrays else { return internal_err!("sequence takes two ends") };
    let wide = |array: &ArrayRef| arrow_cast(array, &DataType::Int64);
    let (starts, stops) = (wide(start)?, wide(stop)?);
    let step = rest.first().map(wide).transpose()?;
    let (starts, stops) = (starts.as_primitive::<Int64Type>(), stops.as_primitive::<Int64Type>());
    let by = step.as_ref().map(|step| step.as_primitive::<Int64Type>());
    let mut out = Values::new(starts.len());
    for row in 0..starts.len() {
        if starts.is_null(row) || stops.is_null(row) || by.is_some_and(|by| by.is_null(row)) {
            out.end(false);
            continue;
        }
        let (start, stop) = (starts.value(row), stops.value(row));
        let step = by.map_or(if start <= stop { 1 } else { -1 }, |by| by.value(row));
        let steps = steps(start, stop, step)?;
        check_length(out.values.len(), steps)?;
        out.values.extend((0..=steps).map(|n| start.wrapping_add(step.wrapping_mul(n as i64))));
        out.end(true);
    }
    out.finish(result)
}

/// Lists of integers under construction.
struct Values {
    values: Vec<i64>,
    offsets: Vec<i32>,
    valid: Vec<bool>,
}

impl Values {
    fn new(rows: usize) -> Self {
        Self { values: Vec::new(), offsets: vec![0], valid: Vec::with_capacity(rows) }
    }

    fn end(&mut self, valid: bool) {
        self.offsets.push(self.values.len() as i32);
        self.valid.push(valid);
    }

    fn finish(self, result: &DataType) -> DataFusionResult<ArrayRef> {
        let DataType::List(field) = result else { return internal_err!("{result} is not a list") };
        let values = Int64Array::from(self.values);
        let values: ArrayRef = match field.data_type() {
            DataType::Date32 => arrow_cast(&arrow_cast(&values, &DataType::Int32)?, &DataType::Date32)?,
            other => arrow_cast(&(Arc::new(values) as ArrayRef), other)?,
        };
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.offsets));
        lists::list(result, offsets, values, Some(NullBuffer::from(self.valid)))
    }
}

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A step in time.
#[derive(Clone, Copy)]
struct Step {
    months: i64,
    days: i64,
    micros: i64,
}

impl Step {
    fn at(array: &ArrayRef, row: usize) -> DataFusionResult<Option<Self>> {
        if array.is_null(row) {
            return Ok(None);
        }
        Ok(Some(match array.data_type() {
            DataType::Interval(arrow::datatypes::IntervalUnit::YearMonth) => {
                let months = array.as_primitive::<IntervalYearMonthType>().value(row);
                Self { months: months.into(), days: 0, micros: 0 }
            }
            DataType::Interval(arrow::datatypes::IntervalUnit::MonthDayNano) => {
                let interval = array.as_primitive::<IntervalMonthDayNanoType>().value(row);
                Self {
                    months: interval.months.into(),
                    days: interval.days.into(),
                    micros: interval.nanoseconds / 1_000,
                }
            }
            DataType::Duration(_) => {
                let micros = array.as_primitive::<DurationMicrosecondType>().value(row);
                Self { months: 0, days: micros / MICROS_PER_DAY, micros: micros % MICROS_PER_DAY }
            }
            other => return internal_err!("{other} is no step in time"),
        }))
    }

    /// Its length as Spark estimates it, in microseconds: a month has 28 days.
    fn estimate(self) -> i64 {
        let days = self.months.saturating_mul(28).saturating_add(self.days);
        days.saturating_mul(MICROS_PER_DAY).saturating_add(self.micros)
    }

    /// `start` after `n` of these steps, `None` outside the calendar. Both are local times.
    fn after(self, start: NaiveDateTime, n: i64) -> Option<NaiveDateTime> {
        let months = self.months.checked_mul(n)?;
        let magnitude = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
        let moved = if months < 0 { start.checked_sub_months(magnitude) } else { start.checked_add_months(magnitude) }?;
        let days = self.days.checked_mul(n)?;
        let magnitude = Days::new(days.unsigned_abs());
        let moved = if days < 0 { moved.checked_sub_days(magnitude) } else { moved.checked_add_days(magnitude) }?;
        moved.checked_add_signed(chrono::Duration::microseconds(self.micros.checked_mul(n)?))
    }
}

/// Sequences of dates and timestamps; the third argument is the zone's offset in microseconds, the fourth a step.
fn times(arrays: &[ArrayRef], result: &DataType) -> DataFusionResult<ArrayRef> {
    let [start, stop, offset, rest @ ..] = arrays else { return internal_err!("sequence takes two ends") };
    let dates = start.data_type() == &DataType::Date32;
    let ends = |array: &ArrayRef| -> DataFusionResult<ArrayRef> {
        let whole = if dates { arrow_cast(array, &DataType::Int32)? } else { Arc::clone(array) };
        Ok(arrow_cast(&whole, &DataType::Int64)?)
    };
    let (starts, stops) = (ends(start)?, ends(stop)?);
    let (starts, stops) = (starts.as_primitive::<Int64Type>(), stops.as_primitive::<Int64Type>());
    let offset = offset.as_primitive::<Int64Type>().values().first().copied().unwrap_or(0);
    let mut out = Values::new(starts.len());
    for row in 0..starts.len() {
        let step = match rest.first() {
            Some(steps) => Step::at(steps, row)?,
            None => {
                let forward = starts.value(row) <= stops.value(row);
                Some(Step { months: 0, days: if forward { 1 } else { -1 }, micros: 0 })
            }
        };
        let Some(step) = step.filter(|_| starts.is_valid(row) && stops.is_valid(row)) else {
            out.end(false);
            continue;
        };
        one_of_times(
            &mut out.values,
            starts.value(row),
            stops.value(row),
            step,
            if dates { None } else { Some(offset) },
        )?;
        out.end(true);
    }
    out.finish(result)
}

/// One sequence of days (without an offset) or of microseconds.
fn one_of_times(out: &mut Vec<i64>, start: i64, stop: i64, step: Step, offset: Option<i64>) -> DataFusionResult<()> {
    if offset.is_none() && step.micros != 0 {
        let message =
            "sequence step must be an interval day to second of day granularity if start and end values are dates";
        return Err(SparkError::illegal_argument(message).into());
    }
    let unit = if offset.is_some() { 1 } else { MICROS_PER_DAY };
    let estimate = step.estimate() / unit;
    // More steps than there are: months are longer than the estimate says.
    check_length(out.len(), steps(start, stop, estimate)?)?;
    let local = |value: i64| match offset {
        Some(offset) => DateTime::from_timestamp_micros(value.saturating_add(offset)).map(|time| time.naive_utc()),
        None => i32::try_from(value).ok().and_then(day).map(|date| date.and_time(chrono::NaiveTime::MIN)),
    };
    let outside = || SparkError::arithmetic("long overflow");
    let first = local(start).ok_or_else(outside)?;
    for n in 0.. {
        let time = step.after(first, n).ok_or_else(outside)?;
        let value = match offset {
            Some(offset) => time.and_utc().timestamp_micros() - offset,
            None => i64::from(time.num_days_from_ce()) - UNIX_EPOCH_FROM_CE,
        };
        let inside = if estimate > 0 { value <= stop } else { value >= stop };
        if !inside {
            break;
        }
        out.push(value);
        if estimate == 0 {
            break;
        }
    }
    Ok(())
}

const UNIX_EPOCH_FROM_CE: i64 = 719_163;

fn day(days: i32) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(days.checked_add(UNIX_EPOCH_FROM_CE as i32)?)
}
