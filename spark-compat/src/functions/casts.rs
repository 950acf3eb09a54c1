//! Functions that are casts: `int(x)`, `string(x)`, .. Their columns are named as the argument is.

use super::arguments::{Arity, Input};
use super::{Call, Function};
use crate::cast;
use crate::error::{Result, SparkError};
use crate::resolver::Typed;
use crate::types::SparkType;

const ANY: &[Input] = &[Input::Any];

const fn of(name: &'static str, lower: fn(Call<'_>) -> Result<Typed>) -> Function {
    Function::scalar(name, Arity::Exactly(1), ANY, lower)
}

pub(super) const FUNCTIONS: &[Function] = &[
    of("boolean", |call| cast_to(call, SparkType::Boolean)),
    of("tinyint", |call| cast_to(call, SparkType::Byte)),
    of("smallint", |call| cast_to(call, SparkType::Short)),
    of("int", |call| cast_to(call, SparkType::Int)),
    of("bigint", |call| cast_to(call, SparkType::Long)),
    of("float", |call| cast_to(call, SparkType::Float)),
    of("double", |call| cast_to(call, SparkType::Double)),
    of("decimal", |call| cast_to(call, SparkType::decimal(10, 0))),
    of("date", |call| cast_to(call, SparkType::Date)),
    of("timestamp", |call| cast_to(call, SparkType::Timestamp)),
    of("binary", |call| cast_to(call, SparkType::Binary)),
    of("string", |call| cast_to(call, SparkType::String)),
];

fn cast_to(call: Call<'_>, to: SparkType) -> Result<Typed> {
    let zone = call.zone;
    let [value] = call.take()?;
    if !cast::can_cast(&value.data_type, &to) {
        return Err(SparkError::analysis(format!(
            "cannot resolve '{}' due to data type mismatch: cannot cast {} to {to}",
            value.name, value.data_type
        )));
    }
    value.coerced(&to, zone)
}
