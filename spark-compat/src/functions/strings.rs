//! Functions of strings that DataFusion has with Spark's meaning.

use datafusion::common::ScalarValue;
use datafusion::functions::expr_fn;
use datafusion::logical_expr::{Expr, Operator, binary_expr};

use super::arguments::{Arity, Input};
use super::{Call, Function, Support};
use crate::error::{Result, SparkError};
use crate::resolver::Typed;
use crate::types::SparkType;

const STRING: &[Input] = &[Input::String];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::scalar("upper", Arity::Exactly(1), STRING, upper).with_aliases(&["ucase"]),
    Function::scalar("lower", Arity::Exactly(1), STRING, lower).with_aliases(&["lcase"]),
    Function::scalar("length", Arity::Exactly(1), &[Input::Any], length)
        .with_aliases(&["char_length", "character_length"]),
    Function::scalar("concat", Arity::AtLeast(0), &[Input::Any], concat),
    Function::scalar("trim", Arity::Exactly(1), STRING, trim).with_support(TRIM),
    Function::scalar("ltrim", Arity::Exactly(1), STRING, ltrim).with_support(TRIM),
    Function::scalar("rtrim", Arity::Exactly(1), STRING, rtrim).with_support(TRIM),
];

const TRIM: Support = Support::Partial("spaces only; not with the characters to trim");

fn upper(call: Call<'_>) -> Result<Typed> {
    of_string(call, SparkType::String, expr_fn::upper)
}

fn lower(call: Call<'_>) -> Result<Typed> {
    of_string(call, SparkType::String, expr_fn::lower)
}

fn trim(call: Call<'_>) -> Result<Typed> {
    of_string(call, SparkType::String, |text| expr_fn::btrim(vec![text]))
}

fn ltrim(call: Call<'_>) -> Result<Typed> {
    of_string(call, SparkType::String, |text| expr_fn::ltrim(vec![text]))
}

fn rtrim(call: Call<'_>) -> Result<Typed> {
    of_string(call, SparkType::String, |text| expr_fn::rtrim(vec![text]))
}

/// Characters of a string; what is not a string is cast to one first.
fn length(call: Call<'_>) -> Result<Typed> {
    let (name, nullable, zone) = (call.name(), call.any_nullable(), call.zone);
    let [value] = call.take()?;
    if value.data_type == SparkType::Binary {
        return Err(SparkError::unsupported(format!("{name} of a binary")));
    }
    let text = value.coerced(&SparkType::String, zone)?;
    Ok(Typed::new(expr_fn::character_length(text.expr), SparkType::Int, nullable, name))
}

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

fn of_string(call: Call<'_>, result: SparkType, function: fn(Expr) -> Expr) -> Result<Typed> {
    let (name, nullable) = (call.name(), call.any_nullable());
    let [text] = call.take()?;
    Ok(Typed::new(function(text.expr), result, nullable, name))
}
