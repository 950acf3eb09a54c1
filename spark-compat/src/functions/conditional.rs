//! Functions of conditions and NULL: `if`, `coalesce`, `nvl`, `nullif`, `isnull`, ..

use datafusion::functions::expr_fn;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::Case;

use super::arguments::{Arity, Input};
use super::{Call, Function};
use crate::coercion;
use crate::comparison::{self, ComparisonOp};
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::resolver::Typed;
use crate::types::SparkType;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::scalar("coalesce", Arity::AtLeast(1), &[Input::Any], coalesce),
    Function::scalar("nvl", Arity::Exactly(2), &[Input::Any], coalesce).with_aliases(&["ifnull"]),
    Function::scalar("nvl2", Arity::Exactly(3), &[Input::Any], nvl2),
    Function::scalar("nullif", Arity::Exactly(2), &[Input::Any], nullif),
    Function::scalar("if", Arity::Exactly(3), &[Input::Boolean, Input::Any], if_then_else),
    Function::scalar("isnull", Arity::Exactly(1), &[Input::Any], is_null),
    Function::scalar("isnotnull", Arity::Exactly(1), &[Input::Any], is_not_null),
];

fn coalesce(call: Call<'_>) -> Result<Typed> {
    let name = call.name();
    let nullable = call.args.iter().all(|arg| arg.nullable);
    let (args, common) = to_common_type(&name, call.args, call.zone)?;
    let mut exprs: Vec<Expr> = args.into_iter().map(|arg| arg.expr).collect();
    let expr = match exprs.len() {
        1 => exprs.remove(0),
        _ => expr_fn::coalesce(exprs),
    };
    Ok(Typed::new(expr, common, nullable, name))
}

fn if_then_else(call: Call<'_>) -> Result<Typed> {
    let zone = call.zone;
    let [condition, yes, no] = call.take()?;
    // Spark puts a second pair of parentheses around IF.
    let name = format!("(IF({}, {}, {}))", condition.name, yes.name, no.name);
    choose(condition, yes, no, name, zone)
}

fn nvl2(call: Call<'_>) -> Result<Typed> {
    let (name, zone) = (call.name(), call.zone);
    let [value, present, absent] = call.take()?;
    let condition = Typed::new(value.expr.is_not_null(), SparkType::Boolean, false, "");
    choose(condition, present, absent, name, zone)
}

/// `nullif(a, b)` is `IF(a = b, NULL, a)`.
fn nullif(call: Call<'_>) -> Result<Typed> {
    let (name, zone) = (call.name(), call.zone);
    let [value, other] = call.take()?;
    let sides = ((value.expr.clone(), value.data_type.clone()), (other.expr, other.data_type));
    let equal = comparison::lower_comparison(ComparisonOp::Eq, sides.0, sides.1, zone)?;
    let null = Expr::Literal(typed_null(&value.data_type)?, None);
    let expr = Expr::Case(Case::new(None, vec![(Box::new(equal), Box::new(null))], Some(Box::new(value.expr))));
    Ok(Typed::new(expr, value.data_type, true, name))
}

fn is_null(call: Call<'_>) -> Result<Typed> {
    let [value] = call.take()?;
    let name = format!("({} IS NULL)", value.name);
    Ok(Typed::new(value.expr.is_null(), SparkType::Boolean, false, name))
}

fn is_not_null(call: Call<'_>) -> Result<Typed> {
    let [value] = call.take()?;
    let name = format!("({} IS NOT NULL)", value.name);
    Ok(Typed::new(value.expr.is_not_null(), SparkType::Boolean, false, name))
}

fn choose(condition: Typed, yes: Typed, no: Typed, name: String, zone: Zone) -> Result<Typed> {
    let nullable = yes.nullable || no.nullable;
    let (branches, common) = to_common_type(&name, vec![yes, no], zone)?;
    let mut branches = branches.into_iter().map(|branch| Box::new(branch.expr));
    let (Some(yes), no) = (branches.next(), branches.next()) else {
        return Err(SparkError::internal("a choice without branches"));
    };
    let expr = Expr::Case(Case::new(None, vec![(Box::new(condition.expr), yes)], no));
    Ok(Typed::new(expr, common, nullable, name))
}

fn to_common_type(whole: &str, args: Vec<Typed>, zone: Zone) -> Result<(Vec<Typed>, SparkType)> {
    let types: Vec<_> = args.iter().map(|arg| arg.data_type.clone()).collect();
    let common = coercion::wider_common_type(&types).ok_or_else(|| {
        let types: Vec<_> = types.iter().map(SparkType::to_string).collect();
        SparkError::analysis(format!(
            "cannot resolve '{whole}' due to data type mismatch: input to function should all be the same type, but it's [{}]",
            types.join(", ")
        ))
    })?;
    let args = args.into_iter().map(|arg| arg.coerced(&common, zone)).collect::<Result<_>>()?;
    Ok((args, common))
}

fn typed_null(data_type: &SparkType) -> Result<datafusion::common::ScalarValue> {
    Ok(datafusion::common::ScalarValue::try_from(&data_type.to_arrow())?)
}
