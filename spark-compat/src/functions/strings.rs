//! `concat`.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, Operator, binary_expr};

use super::arguments::{Arity, Input};
use super::{Call, Function};
use crate::error::{Result, SparkError};
use crate::resolver::Typed;
use crate::types::SparkType;

pub(super) const FUNCTIONS: &[Function] = &[Function::scalar("concat", Arity::AtLeast(0), &[Input::Any], concat)];

/// NULL if any argument is (`||` of DataFusion, whose `concat` skips them).
fn concat(call: Call<'_>) -> Result<Typed> {
    let (name, nullable, zone) = (call.name(), call.any_nullable(), call.zone);
    if call.args.iter().any(|arg| matches!(arg.data_type, SparkType::Array { .. })) {
        return super::nested::shape::concat(call);
    }
    if !call.args.is_empty() && call.args.iter().all(|arg| arg.data_type == SparkType::Binary) {
        return super::nested::shape::concat_binaries(call);
    }
    if call.args.iter().any(|arg| matches!(arg.data_type, SparkType::Map { .. } | SparkType::Struct(_))) {
        let types: Vec<_> = call.args.iter().map(|arg| arg.data_type.to_string()).collect();
        return Err(SparkError::analysis(format!(
            "cannot resolve '{name}' due to data type mismatch: input to function concat should have been string, binary or array, \
             but it's [{}]",
            types.join(", ")
        )));
    }
    if call.args.is_empty() {
        return Ok(Typed::literal(ScalarValue::Utf8View(Some(String::new())), SparkType::String, name));
    }
    let texts = call.args.into_iter().map(|arg| Ok(arg.coerced(&SparkType::String, zone)?.expr));
    let texts = texts.collect::<Result<Vec<Expr>>>()?;
    let expr = texts.into_iter().reduce(|left, right| binary_expr(left, Operator::StringConcat, right));
    let expr = expr.ok_or_else(|| SparkError::internal("concat without arguments"))?;
    Ok(Typed::new(expr, SparkType::String, nullable, name))
}
