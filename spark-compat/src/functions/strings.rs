//! `concat`.

use datafusion::logical_expr::{Expr, Operator, binary_expr};

use super::arguments::{Arity, Input};
use super::{Call, Function, Support};
use crate::error::{Result, SparkError};
use crate::resolver::Typed;
use crate::types::SparkType;

pub(super) const FUNCTIONS: &[Function] = &[Function::scalar("concat", Arity::AtLeast(1), &[Input::Any], concat)
    .with_support(Support::Partial("strings and what casts to them; not arrays and not binaries"))];

/// NULL if any argument is (`||` of DataFusion, whose `concat` skips them).
fn concat(call: Call<'_>) -> Result<Typed> {
    let (name, nullable, zone) = (call.name(), call.any_nullable(), call.zone);
    if call.args.iter().any(|arg| matches!(arg.data_type, SparkType::Array { .. })) {
        return super::nested::shape::concat(call);
    }
    if let Some(other) = call.args.iter().find(|arg| {
        matches!(
            arg.data_type,
            SparkType::Binary | SparkType::Array { .. } | SparkType::Map { .. } | SparkType::Struct(_)
        )
    }) {
        return Err(SparkError::unsupported(format!("{name} with an argument of type {}", other.data_type)));
    }
    let texts = call.args.into_iter().map(|arg| Ok(arg.coerced(&SparkType::String, zone)?.expr));
    let texts = texts.collect::<Result<Vec<Expr>>>()?;
    let expr = texts.into_iter().reduce(|left, right| binary_expr(left, Operator::StringConcat, right));
    let expr = expr.ok_or_else(|| SparkError::internal("concat without arguments"))?;
    Ok(Typed::new(expr, SparkType::String, nullable, name))
}
