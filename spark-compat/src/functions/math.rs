//! Functions of numbers: `abs`, and the signs that operators write as `-` and `+`.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Int8Type, Int16Type, Int32Type, Int64Type};
use datafusion::common::Result as DataFusionResult;
use datafusion::functions::expr_fn;

use super::arguments::{Arity, Input};
use super::nested::{kind, search};
use super::{Call, Function, datetime, numbers, scalar};
use crate::arithmetic::{self, ArithmeticOp};
use crate::coercion;
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::kernel;
use crate::resolver::Typed;
use crate::types::SparkType;

const NUMERIC: &[Input] = &[Input::Numeric];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::scalar("abs", Arity::Exactly(1), NUMERIC, abs),
    Function::scalar("negative", Arity::Exactly(1), &[Input::Any], negative),
    Function::scalar("positive", Arity::Exactly(1), &[Input::Any], positive),
    Function::scalar("mod", Arity::Exactly(2), &[Input::Any], remainder),
    Function::scalar("pmod", Arity::Exactly(2), &[Input::Any], positive_remainder),
    Function::scalar("greatest", Arity::AtLeast(2), &[Input::Any], |call| extreme(call, true)),
    Function::scalar("least", Arity::AtLeast(2), &[Input::Any], |call| extreme(call, false)),
];

/// `a % b`; with decimals Spark forgets that it was called `mod`.
fn remainder(call: Call<'_>) -> Result<Typed> {
    let decimals = call.args.iter().any(|arg| matches!(arg.data_type, SparkType::Decimal { .. }));
    let called = call.name();
    let [left, right] = call.take()?;
    let name = if decimals { format!("({} % {})", left.name, right.name) } else { called };
    binary(ArithmeticOp::Remainder, left, right, name)
}

fn positive_remainder(call: Call<'_>) -> Result<Typed> {
    let name = call.name();
    let [left, right] = call.take()?;
    binary(ArithmeticOp::Pmod, left, right, name)
}

fn binary(op: ArithmeticOp, left: Typed, right: Typed, name: String) -> Result<Typed> {
    let (expr, data_type) =
        arithmetic::lower_binary(op, (left.expr, left.data_type), (right.expr, right.data_type), &name)?;
    Ok(Typed::new(expr, data_type, true, name))
}

/// The greatest or least argument that is not NULL.
fn extreme(call: Call<'_>, greatest: bool) -> Result<Typed> {
    let (name, zone) = (call.name(), call.zone);
    let types: Vec<_> = call.args.iter().map(|arg| arg.data_type.clone()).collect();
    let common = coercion::wider_common_type_without_strings(&types).ok_or_else(|| {
        let types: Vec<_> = types.iter().map(SparkType::to_string).collect();
        SparkError::analysis(format!(
            "cannot resolve '{name}' due to data type mismatch: The expressions should all have the same type, got {}({}).",
            name.split('(').next().unwrap_or_default().to_uppercase(),
            types.join(", ")
        ))
    })?;
    if !kind::is_orderable(&common) {
        return Err(SparkError::analysis(format!(
            "cannot resolve '{name}' due to data type mismatch: function {} does not support ordering on type {common}",
            name.split('(').next().unwrap_or_default()
        )));
    }
    let nullable = call.args.iter().all(|arg| arg.nullable);
    let args = call.args.into_iter().map(|arg| Ok(arg.coerced(&common, zone)?.expr)).collect::<Result<Vec<_>>>()?;
    let expr = match common {
        SparkType::Array { .. } | SparkType::Struct(_) => search::extreme_of(args, &common, greatest),
        SparkType::Float | SparkType::Double => numbers::extreme_of_floats(greatest, &common, args),
        _ if greatest => expr_fn::greatest(args),
        _ => expr_fn::least(args),
    };
    Ok(Typed::new(expr, common, nullable, name))
}

/// The absolute value; that of the smallest integer is itself, as in Java.
fn abs(call: Call<'_>) -> Result<Typed> {
    let (name, nullable) = (call.name(), call.any_nullable());
    let [value] = call.take()?;
    let data_type = value.data_type.clone();
    let expr = if data_type.is_integral() {
        scalar::plain("spark_abs", absolute, &data_type, vec![value.expr])
    } else {
        expr_fn::abs(value.expr)
    };
    Ok(Typed::new(expr, data_type, nullable, name))
}

/// The least integer of a type stays what it is.
fn absolute(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [array] = scalar::arguments(arrays)?;
    match array.data_type() {
        DataType::Int8 => kernel::shared(array.as_primitive::<Int8Type>().unary::<_, Int8Type>(i8::wrapping_abs)),
        DataType::Int16 => kernel::shared(array.as_primitive::<Int16Type>().unary::<_, Int16Type>(i16::wrapping_abs)),
        DataType::Int32 => kernel::shared(array.as_primitive::<Int32Type>().unary::<_, Int32Type>(i32::wrapping_abs)),
        _ => kernel::shared(array.as_primitive::<Int64Type>().unary::<_, Int64Type>(i64::wrapping_abs)),
    }
}

fn negative(call: Call<'_>) -> Result<Typed> {
    let (name, nullable) = (call.name(), call.any_nullable());
    let [value] = call.take()?;
    let value = signed(value, &name)?;
    if !value.data_type.is_numeric() {
        return datetime::negate(value, name);
    }
    let expr = arithmetic::lower_negate((value.expr, value.data_type.clone()))?;
    Ok(Typed::new(expr, value.data_type, nullable, name))
}

fn positive(call: Call<'_>) -> Result<Typed> {
    let nullable = call.any_nullable();
    let [value] = call.take()?;
    let name = format!("(+ {})", value.name);
    let value = signed(value, &name)?;
    Ok(Typed { nullable, name, ..value })
}

/// Numbers and intervals keep their type, strings become doubles.
fn signed(value: Typed, whole: &str) -> Result<Typed> {
    match &value.data_type {
        SparkType::String | SparkType::Void => value.coerced(&SparkType::Double, Zone::UTC),
        numeric if numeric.is_numeric() => Ok(value),
        SparkType::YearMonthInterval { .. } | SparkType::DayTimeInterval { .. } | SparkType::CalendarInterval => {
            Ok(value)
        }
        other => Err(SparkError::analysis(format!(
            "cannot resolve '{whole}' due to data type mismatch: argument 1 requires (numeric or interval) type, however, '{}' is \
             of {other} type.",
            value.name
        ))),
    }
}
