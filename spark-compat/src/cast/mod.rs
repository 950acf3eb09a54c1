//! Spark 3.2's CAST (not ANSI): NULL for what cannot be read, integers wrap, floats saturate, decimals round half up.
//!
//! [`lower`] takes DataFusion's own CAST where it gives the same value for every input and a kernel of this module where not.

pub(crate) mod double_rounding;
mod float_text;
mod from_boolean;
mod from_date;
mod from_decimal;
mod from_float;
mod from_integral;
mod from_interval;
pub(crate) mod from_string;
mod from_timestamp;
mod nested;
mod try_cast;
mod udf;

pub use float_text::{double_to_string, float_to_string};
pub(crate) use from_decimal::write_decimal;
pub use try_cast::{can_try_cast, lower_try};

use arrow::array::{ArrayRef, AsArray};
use arrow::compute::{CastOptions, cast_with_options};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::Cast;

use crate::coercion::decimal;
use crate::datetime::parse;
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::types::SparkType;

/// Casts `expr` from one Spark type to another; literals are cast at once. The zone is the session's.
pub fn lower(expr: Expr, from: &SparkType, to: &SparkType, zone: Zone) -> Result<Expr> {
    if from == to {
        return Ok(expr);
    }
    if !can_cast(from, to) {
        return Err(SparkError::analysis(format!("cannot cast {from} to {to}")));
    }
    if let Expr::Literal(value, metadata) = &expr {
        if let Some(special) = special_date_time(value, to, zone) {
            return Ok(Expr::Literal(special, metadata.clone()));
        }
        let array = array(&value.to_array()?, from, to, zone)?;
        return Ok(Expr::Literal(ScalarValue::try_from_array(&array, 0)?, metadata.clone()));
    }
    if is_native(from, to) {
        return Ok(Expr::Cast(Cast::new(Box::new(expr), to.to_arrow())));
    }
    Ok(udf::call(expr, from.clone(), to.clone(), zone))
}

/// `'today'` and its like, which Spark reads in casts of literals only (its optimizer's `SpecialDatetimeValues`).
fn special_date_time(value: &ScalarValue, to: &SparkType, zone: Zone) -> Option<ScalarValue> {
    let ScalarValue::Utf8View(Some(text)) = value else { return None };
    let now = chrono::Utc::now().timestamp_micros();
    match to {
        SparkType::Date => parse::special_date(text, &zone, now).map(|days| ScalarValue::Date32(Some(days))),
        SparkType::Timestamp => parse::special_timestamp(text, &zone, now)
            .map(|micros| ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into()))),
        _ => None,
    }
}

/// Whether Spark has a cast between the types (`Cast.canCast`).
pub fn can_cast(from: &SparkType, to: &SparkType) -> bool {
    use SparkType as T;
    match (from, to) {
        _ if from == to => true,
        (T::Void, _) | (_, T::String) => true,
        (T::String, T::Binary | T::Boolean | T::Timestamp | T::Date | T::CalendarInterval) => true,
        (T::String, T::DayTimeInterval { .. } | T::YearMonthInterval { .. }) => true,
        (T::DayTimeInterval { .. }, T::DayTimeInterval { .. }) => true,
        (T::YearMonthInterval { .. }, T::YearMonthInterval { .. }) => true,
        (integral, T::Binary) => integral.is_integral(),
        (T::Date | T::Timestamp, T::Boolean) | (T::Boolean | T::Date, T::Timestamp) | (T::Timestamp, T::Date) => true,
        (T::String | T::Boolean | T::Date | T::Timestamp, number) if number.is_numeric() => true,
        (number, T::Boolean | T::Timestamp) if number.is_numeric() => true,
        (number, other) if number.is_numeric() && other.is_numeric() => true,
        (T::Array { element: e1, contains_null: n1 }, T::Array { element: e2, contains_null: n2 }) => {
            can_cast(e1, e2) && (*n2 || !(*n1 || may_give_null(e1, e2)))
        }
        (
            T::Map { key: k1, value: v1, value_contains_null: n1 },
            T::Map { key: k2, value: v2, value_contains_null: n2 },
        ) => can_cast(k1, k2) && !may_give_null(k1, k2) && can_cast(v1, v2) && (*n2 || !(*n1 || may_give_null(v1, v2))),
        (T::Struct(f1), T::Struct(f2)) => {
            f1.len() == f2.len()
                && f1.iter().zip(f2).all(|(a, b)| {
                    let nullable = a.nullable || may_give_null(&a.data_type, &b.data_type);
                    can_cast(&a.data_type, &b.data_type) && (b.nullable || !nullable)
                })
        }
        _ => false,
    }
}

/// Whether a cast may turn a value that is not NULL into NULL.
pub fn may_give_null(from: &SparkType, to: &SparkType) -> bool {
    crate::coercion::force_nullable(from, to)
}

/// Casts an array whose Arrow type is that of `from` in plans.
pub fn array(array: &ArrayRef, from: &SparkType, to: &SparkType, zone: Zone) -> DataFusionResult<ArrayRef> {
    use SparkType as T;
    if from == to {
        return Ok(array.clone());
    }
    if is_native(from, to) {
        let options = CastOptions { safe: true, ..Default::default() };
        return Ok(cast_with_options(array, &to.to_arrow(), &options)?);
    }
    match from {
        T::String => from_string::cast(array.as_string_view(), to, zone),
        T::Boolean => from_boolean::cast(array.as_boolean(), to),
        T::Byte | T::Short | T::Int | T::Long => from_integral::cast(array, to),
        T::Float | T::Double => from_float::cast(array, to),
        T::Decimal { precision, scale } => from_decimal::cast(array.as_primitive(), *precision, *scale, to),
        T::Date => from_date::cast(array.as_primitive(), to, zone),
        T::Timestamp => from_timestamp::cast(array.as_primitive(), to, zone),
        T::Binary => from_string::from_binary(array.as_binary_view(), to),
        T::YearMonthInterval { .. } | T::DayTimeInterval { .. } | T::CalendarInterval => {
            from_interval::cast(array, from, to)
        }
        T::Array { .. } | T::Map { .. } | T::Struct(_) => nested::cast(array, from, to, zone),
        T::Void => no_kernel(from, to),
    }
}

fn no_kernel<T>(from: &SparkType, to: &SparkType) -> DataFusionResult<T> {
    datafusion::common::internal_err!("no kernel casts {from} to {to}")
}

/// Whether Arrow's cast gives Spark's value for every input.
fn is_native(from: &SparkType, to: &SparkType) -> bool {
    use SparkType as T;
    let rank = |t: &T| [T::Byte, T::Short, T::Int, T::Long].iter().position(|i| i == t);
    match (from, to) {
        (T::Void, _) => true,
        (T::String, T::Binary) => true,
        (T::Boolean, T::Float | T::Double) => true,
        (T::Boolean, integral) if integral.is_integral() => true,
        (integral, T::Float | T::Double) if integral.is_integral() => true,
        (T::Float, T::Double) | (T::Double, T::Float) => true,
        (integral, T::Decimal { .. }) if integral.is_integral() => decimal::is_wider_than(to, integral),
        // Arrow skips its range check here, too.
        (T::Decimal { .. }, T::Decimal { .. }) => decimal::is_wider_than(to, from),
        _ => match (rank(from), rank(to)) {
            (Some(narrow), Some(wide)) => narrow < wide,
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests;
