//! Aggregates that pick or collect rows: `first`, `last`, `max_by`, `min_by`, `collect_list`, `collect_set`.

use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::logical_expr::AggregateUDF;

use super::AggregateCall;
use crate::aggregates;
use crate::error::{Result, SparkError};
use crate::functions::Function;
use crate::functions::arguments::{Arity, Input};
use crate::functions::float_keys;
use crate::resolver::Typed;
use crate::types::SparkType;

const ANY: &[Input] = &[Input::Any];

pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function::aggregate("first", Arity::Between(1, 2), ANY, |call| end(call, "first", aggregates::first_udaf))
        .with_aliases(&["first_value"]),
    Function::aggregate("last", Arity::Between(1, 2), ANY, |call| end(call, "last", aggregates::last_udaf))
        .with_aliases(&["last_value"]),
    Function::aggregate("max_by", Arity::Exactly(2), ANY, |call| by(call, aggregates::max_by_udaf())),
    Function::aggregate("min_by", Arity::Exactly(2), ANY, |call| by(call, aggregates::min_by_udaf())),
    Function::aggregate("collect_list", Arity::Exactly(1), ANY, |call| collect(call, aggregates::collect_list_udaf())),
    Function::aggregate("collect_set", Arity::Exactly(1), ANY, set),
];

/// The first or last value; a second argument or IGNORE NULLS says whether NULLs count.
fn end(call: AggregateCall<'_>, name: &str, function: fn(bool) -> Arc<AggregateUDF>) -> Result<Typed> {
    // Spark forgets the other name when it notes IGNORE NULLS.
    let called = if call.ignore_nulls { name } else { call.called };
    let mut args = call.args.clone();
    let ignore_nulls = match args.split_off(1).first().map(Typed::as_literal) {
        None => call.ignore_nulls,
        Some(Some(ScalarValue::Boolean(Some(ignored)))) => *ignored || call.ignore_nulls,
        Some(_) => {
            return Err(SparkError::analysis(format!("The second argument in {name} should be a boolean literal.")));
        }
    };
    let call = AggregateCall { called, args, ..call };
    let arg = call.single()?;
    let value = call.over(function(ignore_nulls), vec![arg.expr]);
    Ok(Typed::new(value, arg.data_type, true, call.name()))
}

/// The value of the row whose second argument is the greatest or the least.
fn by(call: AggregateCall<'_>, function: Arc<AggregateUDF>) -> Result<Typed> {
    let name = call.name();
    let [value, key] = &call.args[..] else {
        return Err(SparkError::internal(format!("{} takes two arguments", call.called)));
    };
    aggregates::check_orderable(call.called, &key.data_type).map_err(|error| call.mismatch(error))?;
    let key = float_keys::normalized(key.expr.clone(), &key.data_type);
    let (args, data_type) = (vec![value.expr.clone(), key], value.data_type.clone());
    Ok(Typed::new(call.with_repetitions().over(function, args), data_type, true, name))
}

/// An array of the values, none of which is NULL.
fn collect(call: AggregateCall<'_>, function: Arc<AggregateUDF>) -> Result<Typed> {
    let name = call.name();
    let element = call.single()?.data_type;
    // Values of type void are all NULL, and their arrays empty.
    let contains_null = element == SparkType::Void;
    let data_type = SparkType::Array { element: Box::new(element), contains_null };
    Ok(Typed::new(call.over(function, call.exprs()), data_type, false, name))
}

/// The same with each value once. There are no repetitions to leave out before.
fn set(call: AggregateCall<'_>) -> Result<Typed> {
    fn has_map(t: &SparkType) -> bool {
        match t {
            SparkType::Map { .. } => true,
            SparkType::Array { element, .. } => has_map(element),
            SparkType::Struct(fields) => fields.iter().any(|field| has_map(&field.data_type)),
            _ => false,
        }
    }
    if has_map(&call.single()?.data_type) {
        return Err(call.mismatch("collect_set() cannot have map type data"));
    }
    let name = call.name();
    let set = collect(call.with_repetitions(), aggregates::collect_set_udaf())?;
    Ok(set.named(name))
}
