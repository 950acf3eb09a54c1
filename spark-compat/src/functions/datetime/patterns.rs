//! Timestamps written and read by patterns: `date_format`, `to_timestamp`, `to_date`, `unix_timestamp`, `from_unixtime`.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, PrimitiveArray, StringViewBuilder, TimestampMicrosecondArray};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use arrow::error::ArrowError;
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::Expr;

use super::super::arguments::{Arity, Input};
use super::super::{Call, Function, Support};
use super::{failed, kernel};
use crate::datetime::MICROS_PER_SECOND;
use crate::datetime::pattern::{Reader, Writer};
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::kernel::shared;
use crate::resolver::{Typed, call_name};
use crate::types::SparkType;

pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function::scalar("date_format", Arity::Exactly(2), &[Input::Timestamp, Input::String], date_format)
        .with_support(PATTERNS),
    Function::scalar("from_unixtime", Arity::Between(1, 2), &[Input::Long, Input::String], from_unixtime)
        .with_support(PATTERNS),
    Function::scalar("to_date", Arity::Between(1, 2), &[Input::Any, Input::String], to_date),
    Function::scalar("to_timestamp", Arity::Between(1, 2), &[Input::Any, Input::String], to_timestamp),
    Function::scalar("unix_timestamp", Arity::Between(1, 2), &[Input::Any, Input::String], unix_timestamp)
        .with_aliases(&["to_unix_timestamp"]),
];

const PATTERNS: Support = Support::Partial("not with the pattern letter v, names of zones that are the same all year");

/// The pattern where none is given.
const DEFAULT: &str = "yyyy-MM-dd HH:mm:ss";

/// The arguments with the default pattern; Spark shows it in the name.
fn with_pattern(call: Call<'_>) -> (String, Vec<Typed>) {
    let mut args = call.args;
    if args.len() == 1 {
        let pattern = ScalarValue::Utf8View(Some(DEFAULT.into()));
        args.push(Typed::literal(pattern, SparkType::String, DEFAULT));
    }
    (call_name(call.called, &args), args)
}

/// What a column of patterns compiles to; mostly the same from row to row.
struct Compiled<T> {
    compile: fn(&str) -> Result<T>,
    last: Option<(String, Arc<T>)>,
}

impl<T> Compiled<T> {
    /// With the pattern of a literal, whose errors are those of the query.
    fn of(pattern: &Typed, compile: fn(&str) -> Result<T>) -> Result<Self> {
        let last = match pattern.as_literal().and_then(ScalarValue::try_as_str).flatten() {
            Some(text) => Some((text.to_owned(), Arc::new(compile(text)?))),
            None => None,
        };
        Ok(Self { compile, last })
    }

    fn get(&mut self, pattern: &str) -> Result<Arc<T>, ArrowError> {
        match &self.last {
            Some((known, compiled)) if known == pattern => Ok(Arc::clone(compiled)),
            _ => {
                let compiled = Arc::new((self.compile)(pattern).map_err(failed)?);
                self.last = Some((pattern.to_owned(), Arc::clone(&compiled)));
                Ok(compiled)
            }
        }
    }
}

impl<T> Clone for Compiled<T> {
    fn clone(&self) -> Self {
        Self { compile: self.compile, last: self.last.clone() }
    }
}

fn date_format(call: Call<'_>) -> Result<Typed> {
    let (name, nullable, zone) = (call.name(), call.any_nullable(), call.zone);
    let [time, pattern] = call.take()?;
    let written = written(time.expr, pattern, zone)?;
    Ok(Typed::new(written, SparkType::String, nullable, name))
}

/// Of seconds since the epoch; too many of them wrap around.
fn from_unixtime(call: Call<'_>) -> Result<Typed> {
    let (zone, nullable) = (call.zone, call.any_nullable());
    let (name, args) = with_pattern(call);
    let [seconds, pattern] = pair(args)?;
    let times = kernel::unary("spark_wrapping_timestamp", "", &SparkType::Timestamp, seconds.expr, |array| {
        let seconds = array.as_primitive::<Int64Type>();
        let times = seconds.unary::<_, TimestampMicrosecondType>(|s| s.wrapping_mul(MICROS_PER_SECOND));
        shared(times.with_timezone("UTC"))
    });
    Ok(Typed::new(written(times, pattern, zone)?, SparkType::String, nullable, name))
}

fn written(time: Expr, pattern: Typed, zone: Zone) -> Result<Expr> {
    let compiled = Compiled::of(&pattern, Writer::new)?;
    let args = [time, pattern.expr];
    Ok(kernel::binary("spark_date_format", format!("{zone:?}"), &SparkType::String, args, move |times, patterns| {
        let (times, patterns) = (times.as_primitive::<TimestampMicrosecondType>(), patterns.as_string_view());
        let mut compiled = compiled.clone();
        let mut texts = StringViewBuilder::with_capacity(times.len());
        let mut buffer = String::new();
        for (time, pattern) in times.iter().zip(patterns) {
            match (time, pattern) {
                (Some(micros), Some(pattern)) => {
                    buffer.clear();
                    compiled.get(pattern)?.write(&mut buffer, micros, zone).map_err(failed)?;
                    texts.append_value(&buffer);
                }
                _ => texts.append_null(),
            }
        }
        shared(texts.finish())
    }))
}

/// A cast without a pattern, and for what is no text.
fn to_timestamp(call: Call<'_>) -> Result<Typed> {
    let (name, zone) = (call.name(), call.zone);
    let mut args = call.args.into_iter();
    let (Some(value), pattern) = (args.next(), args.next()) else {
        return Err(SparkError::internal("to_timestamp without arguments"));
    };
    match pattern {
        None => cast_to(value, &SparkType::Timestamp, &name, zone),
        Some(pattern) => parsed(value, pattern, name, zone),
    }
}

fn to_date(call: Call<'_>) -> Result<Typed> {
    let (name, zone) = (call.name(), call.zone);
    let mut args = call.args.into_iter();
    let (Some(value), pattern) = (args.next(), args.next()) else {
        return Err(SparkError::internal("to_date without arguments"));
    };
    match pattern {
        None => cast_to(value, &SparkType::Date, &name, zone),
        Some(pattern) => parsed(value, pattern, name, zone)?.coerced(&SparkType::Date, zone),
    }
}

fn cast_to(value: Typed, to: &SparkType, name: &str, zone: Zone) -> Result<Typed> {
    if !crate::cast::can_cast(&value.data_type, to) {
        return Err(SparkError::analysis(format!(
            "cannot resolve '{name}' due to data type mismatch: cannot cast {} to {to}",
            value.data_type
        )));
    }
    Ok(value.coerced(to, zone)?.named(name))
}

/// A timestamp of a text by a pattern; dates and timestamps need none. NULL for what cannot be read.
fn parsed(value: Typed, pattern: Typed, name: String, zone: Zone) -> Result<Typed> {
    let to = SparkType::Timestamp;
    match &value.data_type {
        SparkType::Date | SparkType::Timestamp | SparkType::Void => Ok(value.coerced(&to, zone)?.named(name)),
        SparkType::String => {
            if value.as_literal().is_some_and(ScalarValue::is_null) {
                return Ok(value.coerced(&to, zone)?.named(name));
            }
            let compiled = Compiled::of(&pattern, Reader::new)?;
            let args = [value.expr, pattern.expr];
            let expr =
                kernel::binary("spark_parse_timestamp", format!("{zone:?}"), &to, args, move |texts, patterns| {
                    read(texts, patterns, compiled.clone(), zone)
                });
            Ok(Typed::new(expr, to, true, name))
        }
        other => Err(SparkError::analysis(format!(
            "cannot resolve '{name}' due to data type mismatch: argument 1 requires (string or date or timestamp or timestamp_ntz) \
             type, however, '{}' is of {other} type.",
            value.name
        ))),
    }
}

fn read(
    texts: &ArrayRef,
    patterns: &ArrayRef,
    mut compiled: Compiled<Reader>,
    zone: Zone,
) -> DataFusionResult<ArrayRef> {
    let rows = texts.as_string_view().iter().zip(patterns.as_string_view());
    let times = rows.map(|(text, pattern)| match (text, pattern) {
        (Some(text), Some(pattern)) => compiled.get(pattern)?.read(text, zone).map_err(failed),
        _ => Ok(None),
    });
    shared(times.collect::<Result<TimestampMicrosecondArray, ArrowError>>()?.with_timezone("UTC"))
}

/// Whole seconds since the epoch, cut towards zero.
fn unix_timestamp(call: Call<'_>) -> Result<Typed> {
    let zone = call.zone;
    let (name, args) = with_pattern(call);
    let [value, pattern] = pair(args)?;
    let time = parsed(value, pattern, name, zone)?;
    let expr = kernel::unary("spark_unix_timestamp", "", &SparkType::Long, time.expr, |times| {
        let times = times.as_primitive::<TimestampMicrosecondType>();
        let seconds: PrimitiveArray<Int64Type> = times.unary(|micros| micros / MICROS_PER_SECOND);
        shared(seconds)
    });
    Ok(Typed::new(expr, SparkType::Long, time.nullable, time.name))
}

fn pair(args: Vec<Typed>) -> Result<[Typed; 2]> {
    <[Typed; 2]>::try_from(args).map_err(|_| SparkError::internal("a function was called with another arity"))
}
