//! Numbers of days, seconds, milliseconds and microseconds since the epoch, to and from dates and timestamps.

use arrow::array::{AsArray, Float64Array, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType, i256};
use datafusion::logical_expr::{Expr, cast};

use super::super::arguments::{Arity, Input};
use super::super::{Call, Function};
use super::{failed, kernel, overflow};
use crate::datetime::MICROS_PER_SECOND;
use crate::error::{Result, SparkError};
use crate::kernel::{shared, unary};
use crate::resolver::Typed;
use crate::types::SparkType;

const ANY: &[Input] = &[Input::Any];

pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function::scalar("date_from_unix_date", Arity::Exactly(1), &[Input::Int], date_from_unix_date),
    Function::scalar("unix_date", Arity::Exactly(1), ANY, unix_date),
    Function::scalar("unix_seconds", Arity::Exactly(1), ANY, |call| since_epoch(call, MICROS_PER_SECOND)),
    Function::scalar("unix_millis", Arity::Exactly(1), ANY, |call| since_epoch(call, 1000)),
    Function::scalar("unix_micros", Arity::Exactly(1), ANY, |call| since_epoch(call, 1)),
    Function::scalar("timestamp_seconds", Arity::Exactly(1), ANY, timestamp_seconds),
    Function::scalar("timestamp_millis", Arity::Exactly(1), ANY, |call| from_epoch(call, 1000)),
    Function::scalar("timestamp_micros", Arity::Exactly(1), ANY, |call| from_epoch(call, 1)),
];

fn date_from_unix_date(call: Call<'_>) -> Result<Typed> {
    let (name, nullable) = (call.name(), call.any_nullable());
    let [days] = call.take()?;
    Ok(Typed::new(cast(days.expr, DataType::Date32), SparkType::Date, nullable, name))
}

fn unix_date(call: Call<'_>) -> Result<Typed> {
    let (name, nullable) = (call.name(), call.any_nullable());
    let date = only(call, "date", |t| *t == SparkType::Date, &SparkType::Date)?;
    Ok(Typed::new(cast(date.expr, DataType::Int32), SparkType::Int, nullable, name))
}

/// The argument, which must be of a type that `fits` or NULL: these functions cast nothing by themselves.
fn only(call: Call<'_>, required: &str, fits: fn(&SparkType) -> bool, null: &SparkType) -> Result<Typed> {
    let (name, zone) = (call.name(), call.zone);
    let [arg] = call.take()?;
    match &arg.data_type {
        SparkType::Void => arg.coerced(null, zone),
        found if fits(found) => Ok(arg),
        found => Err(SparkError::analysis(format!(
            "cannot resolve '{name}' due to data type mismatch: argument 1 requires {required} type, however, '{}' is of {found} \
             type.",
            arg.name
        ))),
    }
}

/// Units of `unit` microseconds since the epoch, rounded down.
fn since_epoch(call: Call<'_>, unit: i64) -> Result<Typed> {
    let (name, nullable) = (call.name(), call.any_nullable());
    let time = only(call, "timestamp", |t| *t == SparkType::Timestamp, &SparkType::Timestamp)?;
    let expr = kernel::unary("spark_since_epoch", unit.to_string(), &SparkType::Long, time.expr, move |times| {
        let times = times.as_primitive::<TimestampMicrosecondType>();
        shared(times.unary::<_, Int64Type>(|micros| micros.div_euclid(unit)))
    });
    Ok(Typed::new(expr, SparkType::Long, nullable, name))
}

/// The timestamp of an integral number of units of `unit` microseconds.
fn from_epoch(call: Call<'_>, unit: i64) -> Result<Typed> {
    let (name, nullable, zone) = (call.name(), call.any_nullable(), call.zone);
    let count = only(call, "integral", SparkType::is_integral, &SparkType::Long)?.coerced(&SparkType::Long, zone)?;
    Ok(Typed::new(of_units(count.expr, unit), SparkType::Timestamp, nullable, name))
}

fn of_units(count: Expr, unit: i64) -> Expr {
    kernel::unary("spark_from_epoch", unit.to_string(), &SparkType::Timestamp, count, move |counts| {
        let counts = counts.as_primitive::<Int64Type>();
        let times: TimestampMicrosecondArray =
            counts.try_unary(|count| count.checked_mul(unit).ok_or_else(|| overflow("long")))?;
        shared(times.with_timezone("UTC"))
    })
}

/// Of integers and decimals exactly, or it is an error; of floats cut to microseconds, NULL if they are not finite.
fn timestamp_seconds(call: Call<'_>) -> Result<Typed> {
    let (name, nullable, zone) = (call.name(), call.any_nullable(), call.zone);
    let seconds = only(call, "numeric", SparkType::is_numeric, &SparkType::Long)?;
    let (to, is_float) = (SparkType::Timestamp, matches!(seconds.data_type, SparkType::Float | SparkType::Double));
    let expr = match seconds.data_type.clone() {
        SparkType::Decimal { scale, .. } => {
            kernel::unary("spark_timestamp_of_decimal", "", &to, seconds.expr, move |array| {
                let seconds = array.as_primitive::<Decimal128Type>();
                let times: TimestampMicrosecondArray = seconds.try_unary(|value| exact_micros(value, scale))?;
                shared(times.with_timezone("UTC"))
            })
        }
        SparkType::Float | SparkType::Double => {
            let seconds = seconds.coerced(&SparkType::Double, zone)?;
            kernel::unary("spark_timestamp_of_double", "", &to, seconds.expr, |array| {
                let seconds: &Float64Array = array.as_primitive::<Float64Type>();
                let times: TimestampMicrosecondArray =
                    unary(seconds, |s| s.is_finite().then_some((s * MICROS_PER_SECOND as f64) as i64));
                shared(times.with_timezone("UTC"))
            })
        }
        _ => of_units(seconds.coerced(&SparkType::Long, zone)?.expr, MICROS_PER_SECOND),
    };
    Ok(Typed::new(expr, to, nullable || is_float, name))
}

fn exact_micros(value: i128, scale: u8) -> Result<i64, arrow::error::ArrowError> {
    let power = i256::from_i128(10).wrapping_pow(scale.into());
    let micros = i256::from_i128(value).wrapping_mul(i256::from_i128(MICROS_PER_SECOND.into()));
    if micros.checked_rem(power) != Some(i256::ZERO) {
        return Err(failed(SparkError::arithmetic("Rounding necessary")));
    }
    let whole = micros.checked_div(power).and_then(i256::to_i128).and_then(|m| i64::try_from(m).ok());
    whole.ok_or_else(|| failed(SparkError::arithmetic("Overflow")))
}
