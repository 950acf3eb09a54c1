//! `percentile` and `percentile_approx`.

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::ScalarValue;

use super::AggregateCall;
use crate::aggregates::{self, Percentages};
use crate::error::{Result, SparkError};
use crate::functions::Function;
use crate::functions::arguments::{Arity, Input};
use crate::resolver::{Typed, evaluate_constant};
use crate::types::SparkType;

const ARITY: Arity = Arity::Between(2, 3);

pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function::aggregate("percentile", ARITY, &[Input::Numeric, Input::Any, Input::Integral], exact),
    Function::aggregate("percentile_approx", ARITY, &[Input::Any, Input::Any, Input::Integral], approximate)
        .with_aliases(&["approx_percentile"]),
];

/// The call with the default of its third argument, which Spark shows.
fn with_third(mut call: AggregateCall<'_>, default: Typed) -> AggregateCall<'_> {
    if call.args.len() == 2 {
        call.args.push(default);
    }
    call
}

/// The arguments, of which there are three by now.
fn three<'a>(call: &'a AggregateCall<'_>) -> Result<&'a [Typed; 3]> {
    <&[Typed; 3]>::try_from(call.args.as_slice())
        .map_err(|_| SparkError::internal(format!("{} was called with another arity", call.called)))
}

/// The exact percentile, each value counted as often as its frequency says.
fn exact(call: AggregateCall<'_>) -> Result<Typed> {
    let call = with_third(call, Typed::literal(1i64.into(), SparkType::Long, "1"));
    let name = call.name();
    let [value, percentage, frequency] = three(&call)?;
    let percentages = percentages(&call, percentage, "argument 2 requires array<double> type")?;
    let percentages = percentages.constant.ok_or_else(|| {
        call.mismatch(format!("The percentage(s) must be a constant literal, but got {}", percentage.name))
    })?;
    let percentages = percentages.ok_or_else(|| call.mismatch("Percentage value must not be null"))?;
    if !in_range(&percentages.values) {
        return Err(call.mismatch(format!("Percentage(s) must be between 0.0 and 1.0, but got {}", percentage.name)));
    }
    let result = result_type(&percentages, SparkType::Double);
    let args = vec![
        value.clone().coerced(&SparkType::Double, call.zone)?,
        frequency.clone().coerced(&SparkType::Long, call.zone)?,
    ];
    let coerced = AggregateCall { args, ..call };
    let expr = coerced.over(aggregates::percentile_udaf(percentages), coerced.exprs());
    Ok(Typed::new(expr, result, true, name))
}

/// The approximate percentile, which is one of the values.
fn approximate(call: AggregateCall<'_>) -> Result<Typed> {
    const DEFAULT_ACCURACY: i32 = 10_000;
    let call = with_third(call, Typed::literal(DEFAULT_ACCURACY.into(), SparkType::Int, DEFAULT_ACCURACY.to_string()));
    let name = call.name();
    let [value, percentage, accuracy] = three(&call)?;
    let value = match &value.data_type {
        SparkType::String | SparkType::Void => value.clone().coerced(&SparkType::Double, call.zone)?,
        SparkType::Date | SparkType::Timestamp => value.clone(),
        number if number.is_numeric() => value.clone(),
        other => {
            return Err(call.mismatch(format!(
                "argument 1 requires (numeric or date or timestamp or timestamp_ntz) type, however, '{}' is of {other} type.",
                value.name
            )));
        }
    };
    let percentages = percentages(&call, percentage, "argument 2 requires (double or array<double>) type")?;
    let (Some(percentages), Some(accuracy)) = (percentages.constant, constant(accuracy)) else {
        return Err(call.mismatch("The accuracy or percentage provided must be a constant literal"));
    };
    let accuracy = integer(&accuracy)?;
    let Some(accuracy) = accuracy else {
        return Err(SparkError::execution("The accuracy must not be null"));
    };
    let Some(accuracy) = i32::try_from(accuracy).ok().filter(|accuracy| *accuracy > 0) else {
        return Err(call.mismatch(format!(
            "The accuracy provided must be a literal between (0, 2147483647] (current value = {accuracy})"
        )));
    };
    let percentages = percentages.ok_or_else(|| call.mismatch("Percentage value must not be null"))?;
    if !in_range(&percentages.values) {
        let current: Vec<_> = percentages.values.iter().map(|value| format!("{value:?}")).collect();
        return Err(call.mismatch(format!(
            "All percentage values must be between 0.0 and 1.0 (current = {})",
            current.join(", ")
        )));
    }
    let result = result_type(&percentages, value.data_type.clone());
    let function = aggregates::percentile_approx_udaf(percentages, accuracy, value.data_type.clone());
    let coerced = AggregateCall { args: vec![value], ..call };
    let expr = coerced.over(function, coerced.exprs());
    Ok(Typed::new(expr, result, true, name))
}

fn result_type(percentages: &Percentages, element: SparkType) -> SparkType {
    match percentages.as_array {
        true => SparkType::Array { element: Box::new(element), contains_null: false },
        false => element,
    }
}

fn in_range(percentages: &[f64]) -> bool {
    percentages.iter().all(|percentage| !(*percentage < 0.0 || *percentage > 1.0))
}

/// The value of an argument without columns.
fn constant(arg: &Typed) -> Option<ScalarValue> {
    evaluate_constant(&arg.expr).ok()
}

fn integer(value: &ScalarValue) -> Result<Option<i64>> {
    match value.cast_to(&DataType::Int64)? {
        ScalarValue::Int64(value) => Ok(value),
        _ => Ok(None),
    }
}

/// Percentages as far as they are known.
struct Given {
    /// `None` if they depend on columns, and within if they are NULL.
    constant: Option<Option<Percentages>>,
}

/// A number or an array of numbers, none of which may be NULL; `requirement` is what is said of others.
fn percentages(call: &AggregateCall<'_>, percentage: &Typed, requirement: &str) -> Result<Given> {
    let unfit =
        |arg: &Typed| call.mismatch(format!("{requirement}, however, '{}' is of {} type.", arg.name, arg.data_type));
    let Some(constant) = constant(percentage) else { return Ok(Given { constant: None }) };
    let (value, as_array) = match &percentage.data_type {
        SparkType::Array { contains_null: true, element } if **element != SparkType::Void => {
            return Err(unfit(percentage));
        }
        SparkType::Array { element, .. } if element.is_numeric() || **element == SparkType::Void => {
            (constant.to_array()?.as_list::<i32>().value(0), true)
        }
        SparkType::String | SparkType::Void => {
            let double = percentage.clone().coerced(&SparkType::Double, call.zone)?;
            (evaluate_constant(&double.expr)?.to_array()?, false)
        }
        number if number.is_numeric() => (constant.to_array()?, false),
        _ => return Err(unfit(percentage)),
    };
    if !as_array && value.is_null(0) {
        return Ok(Given { constant: Some(None) });
    }
    let doubles = cast(&value, &DataType::Float64)?;
    let values = doubles.as_primitive::<Float64Type>().values().to_vec();
    Ok(Given { constant: Some(Some(Percentages { values, as_array })) })
}
