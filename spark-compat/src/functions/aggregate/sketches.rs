//! `approx_count_distinct` and `count_min_sketch`.

use datafusion::common::ScalarValue;

use super::AggregateCall;
use crate::aggregates::{self, Precision, Sketch};
use crate::error::{Result, SparkError};
use crate::functions::Function;
use crate::functions::arguments::{Arity, Input};
use crate::resolver::{Typed, evaluate_constant};
use crate::types::SparkType;

pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function::aggregate("approx_count_distinct", Arity::Between(1, 2), &[Input::Any], approx_count_distinct),
    Function::aggregate("count_min_sketch", Arity::Exactly(4), &[Input::Any], count_min_sketch),
];

/// The estimated number of different values that are not NULL.
fn approx_count_distinct(mut call: AggregateCall<'_>) -> Result<Typed> {
    const DEFAULT_DEVIATION: f64 = 0.05;
    let deviation = match call.args.split_off(1).first() {
        None => DEFAULT_DEVIATION,
        Some(arg) => literal_double(arg)
            .ok_or_else(|| SparkError::analysis("The second argument should be a double literal."))?,
    };
    let precision = Precision::for_deviation(deviation).map_err(|bits| match u32::try_from(bits) {
        Ok(bits) if bits > Precision::MAX => {
            SparkError::unsupported(format!("approx_count_distinct with a deviation of less than 0.1% ({deviation})"))
        }
        _ => SparkError::analysis(
            "requirement failed: HLL++ requires at least 4 bits for addressing. Use a lower error, at most 39%.",
        ),
    })?;
    let name = call.name();
    let call = call.with_repetitions();
    let estimate = call.over(aggregates::approx_count_distinct_udaf(precision), call.exprs());
    Ok(Typed::new(estimate, SparkType::Long, false, name))
}

/// The value of a literal double or decimal, with a sign or without.
fn literal_double(arg: &Typed) -> Option<f64> {
    let signed = arg.name.trim_start_matches(['-', '(', ' ']).trim_end_matches(')');
    let is_literal = arg.as_literal().is_some() || signed.parse::<f64>().is_ok();
    match evaluate_constant(&arg.expr).ok()? {
        ScalarValue::Float64(value) if is_literal => value,
        ScalarValue::Decimal128(Some(value), _, scale) if is_literal => format!("{value}e-{scale}").parse().ok(),
        _ => None,
    }
}

/// Spark's serialized sketch of integers, strings or binaries.
fn count_min_sketch(call: AggregateCall<'_>) -> Result<Typed> {
    let name = call.name();
    let [value, eps, confidence, seed] = &call.args[..] else {
        return Err(SparkError::internal("count_min_sketch takes four arguments"));
    };
    let requires = |at: usize, required: &str, arg: &Typed| {
        let (name, found) = (&arg.name, &arg.data_type);
        call.mismatch(format!("argument {at} requires {required} type, however, '{name}' is of {found} type."))
    };
    match &value.data_type {
        SparkType::String | SparkType::Binary | SparkType::Void => {}
        integral if integral.is_integral() => {}
        _ => return Err(requires(1, "(integral or string or binary)", value)),
    }
    for (at, arg, expected) in
        [(2, eps, SparkType::Double), (3, confidence, SparkType::Double), (4, seed, SparkType::Int)]
    {
        if arg.data_type != expected && arg.data_type != SparkType::Void {
            return Err(requires(at, &expected.to_string(), arg));
        }
    }
    let constant = |arg: &Typed| {
        let not_constant = "The eps, confidence or seed provided must be a literal or foldable";
        evaluate_constant(&arg.expr).map_err(|_| call.mismatch(not_constant))
    };
    let (ScalarValue::Float64(Some(eps)), ScalarValue::Float64(Some(confidence)), ScalarValue::Int32(Some(seed))) =
        (constant(eps)?, constant(confidence)?, constant(seed)?)
    else {
        return Err(call.mismatch("The eps, confidence or seed provided should not be null"));
    };
    if eps <= 0.0 {
        return Err(call.mismatch(format!("Relative error must be positive (current value = {eps:?})")));
    }
    if confidence <= 0.0 || confidence >= 1.0 {
        return Err(
            call.mismatch(format!("Confidence must be within range (0.0, 1.0) (current value = {confidence:?})"))
        );
    }
    let sketch = Sketch::new(eps, confidence, seed)?;
    let value = if value.data_type == SparkType::Void {
        value.clone().coerced(&SparkType::Long, call.zone)?
    } else {
        value.clone()
    };
    let call = AggregateCall { args: vec![value], ..call };
    let expr = call.over(aggregates::count_min_sketch_udaf(sketch), call.exprs());
    Ok(Typed::new(expr, SparkType::Binary, false, name))
}
