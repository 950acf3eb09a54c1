//! `count`, `count_if`, `sum`, `avg`, `min`, `max`, and the logical and bitwise aggregates.

use std::sync::Arc;

use datafusion::functions::core::expr_fn::r#struct;
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::{AggregateUDF, Expr, lit};

use super::AggregateCall;
use crate::aggregates;
use crate::arithmetic::{self, ArithmeticOp};
use crate::cast;
use crate::coercion::decimal::{self, Digits};
use crate::error::{Result, SparkError};
use crate::functions::arguments::{Arity, Input};
use crate::functions::{Function, Support, datetime, float_keys};
use crate::resolver::Typed;
use crate::types::SparkType;

const ONE: Arity = Arity::Exactly(1);

pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function::aggregate("count", Arity::AtLeast(0), &[Input::Any], count_rows),
    Function::aggregate("count_if", ONE, &[Input::Any], count_if),
    Function::aggregate("sum", ONE, &[Input::Any], sum).with_support(SUMS),
    Function::aggregate("avg", ONE, &[Input::Any], avg).with_aliases(&["mean"]).with_support(SUMS),
    Function::aggregate("min", ONE, &[Input::Any], |call| extreme(call, aggregates::min_udaf, "min")),
    Function::aggregate("max", ONE, &[Input::Any], |call| extreme(call, aggregates::max_udaf, "max")),
    Function::aggregate("bool_and", ONE, &[Input::Any], |call| logical(call, aggregates::min_udaf))
        .with_aliases(&["every"]),
    Function::aggregate("bool_or", ONE, &[Input::Any], |call| logical(call, aggregates::max_udaf))
        .with_aliases(&["any", "some"]),
    Function::aggregate("bit_and", ONE, &[Input::Integral], |call| bitwise(call, ArithmeticOp::BitwiseAnd)),
    Function::aggregate("bit_or", ONE, &[Input::Integral], |call| bitwise(call, ArithmeticOp::BitwiseOr)),
    Function::aggregate("bit_xor", ONE, &[Input::Integral], |call| bitwise(call, ArithmeticOp::BitwiseXor)),
];

const SUMS: Support = Support::Partial("of numbers and ANSI intervals; not of calendar intervals");

/// The rows for which no argument is NULL; with DISTINCT, the different ones among them.
fn count_rows(call: AggregateCall<'_>) -> Result<Typed> {
    if call.args.is_empty() {
        return Err(call.mismatch(
            "count requires at least one argument. If you have to call the function count without arguments, set the legacy \
             configuration `spark.sql.legacy.allowParameterlessCount` as true",
        ));
    }
    let arg = match &call.args[..] {
        [only] if is_constant(only) && !call.distinct => lit(1i64),
        [only] if call.distinct => float_keys::normalized(only.expr.clone(), &only.data_type),
        [only] => only.expr.clone(),
        several => {
            let complete = several.iter().map(|arg| arg.expr.clone().is_not_null()).reduce(Expr::and);
            let complete = complete.ok_or_else(|| SparkError::internal("count without arguments"))?;
            let keys = several.iter().map(|arg| float_keys::normalized(arg.expr.clone(), &arg.data_type));
            let counted = if call.distinct { r#struct(keys.collect()) } else { lit(1i64) };
            Expr::Case(Case::new(None, vec![(Box::new(complete), Box::new(counted))], None))
        }
    };
    Ok(Typed::new(call.over(aggregates::count_udaf(), vec![arg]), SparkType::Long, false, call.name()))
}

fn is_constant(arg: &Typed) -> bool {
    arg.as_literal().is_some_and(|value| !value.is_null())
}

/// The rows for which the argument is true.
fn count_if(call: AggregateCall<'_>) -> Result<Typed> {
    let name = call.name();
    let arg = call.single()?;
    if !matches!(arg.data_type, SparkType::Boolean | SparkType::Void) {
        return Err(call.mismatch(format!("function count_if requires boolean type, not {}", arg.data_type)));
    }
    let condition = arg.coerced(&SparkType::Boolean, call.zone)?.expr;
    let counted = Expr::Case(Case::new(None, vec![(Box::new(condition), Box::new(lit(true)))], None));
    Ok(Typed::new(call.over(aggregates::count_udaf(), vec![counted]), SparkType::Long, false, name))
}

/// Integers add up to a bigint and wrap around; decimals get ten digits more; intervals fail on overflow.
fn sum(call: AggregateCall<'_>) -> Result<Typed> {
    let total = total(&call, "sum")?;
    Ok(total.named(call.name()))
}

fn is_ansi_interval(t: &SparkType) -> bool {
    matches!(t, SparkType::YearMonthInterval { .. } | SparkType::DayTimeInterval { .. })
}

/// The sum; `function` is what error messages call it.
fn total(call: &AggregateCall<'_>, function: &str) -> Result<Typed> {
    let arg = call.single()?;
    let (summed, result) = match (Digits::of(&arg.data_type), &arg.data_type) {
        (Some(digits), SparkType::Decimal { .. }) => (arg.data_type.clone(), decimal::sum_result(digits)),
        (_, integral) if integral.is_integral() => (SparkType::Long, SparkType::Long),
        (_, interval) if is_ansi_interval(interval) => (interval.clone(), interval.clone()),
        (_, SparkType::Float | SparkType::Double | SparkType::String | SparkType::Timestamp | SparkType::Void) => {
            (SparkType::Double, SparkType::Double)
        }
        (_, SparkType::CalendarInterval) => {
            return Err(SparkError::unsupported(format!("{function} of calendar intervals")));
        }
        (_, other) => {
            return Err(call.mismatch(format!("function {function} requires numeric or interval types, not {other}")));
        }
    };
    let arg = arg.coerced(&summed, call.zone)?;
    let key = if call.distinct { float_keys::normalized(arg.expr, &summed) } else { arg.expr };
    Ok(Typed::new(call.over(aggregates::sum_udaf(&summed), vec![key]), result, true, ""))
}

/// The sum divided by the count, as Spark's `Average` computes it: doubles, decimals with four digits more, or intervals.
fn avg(call: AggregateCall<'_>) -> Result<Typed> {
    let name = call.name();
    let arg = call.single()?;
    // Checks the type before it is cast.
    total(&call, "average")?;
    let decimals = matches!(arg.data_type, SparkType::Decimal { .. });
    let intervals = is_ansi_interval(&arg.data_type);
    let summed =
        if decimals || intervals { arg.clone() } else { arg.clone().coerced(&SparkType::Double, call.zone)? };
    let call = AggregateCall { args: vec![summed], ..call };
    let total = total(&call, "average")?;
    let rows = call.over(aggregates::count_udaf(), call.exprs());
    if intervals {
        // There is no interval to divide if there are no rows, but dividing by zero is an error.
        let some = Expr::Case(Case::new(None, vec![(Box::new(rows.clone().gt(lit(0i64))), Box::new(rows))], None));
        let rows = Typed::new(some, SparkType::Long, true, "");
        let average = datetime::arithmetic(ArithmeticOp::Divide, &total, &rows, call.zone)?;
        let average = average.ok_or_else(|| SparkError::internal("an interval has no quotient"))?;
        return Ok(Typed { nullable: true, ..average.named(name) });
    }
    let (divisor, result) = match Digits::of(&arg.data_type) {
        Some(digits) if decimals => (SparkType::decimal(20, 0), decimal::avg_result(digits)),
        _ => (SparkType::Double, SparkType::Double),
    };
    let divisor = (cast::lower(rows, &SparkType::Long, &divisor, call.zone)?, divisor);
    let (average, data_type) =
        arithmetic::lower_binary(ArithmeticOp::Divide, (total.expr, total.data_type), divisor, &name)?;
    let average = cast::lower(average, &data_type, &result, call.zone)?;
    Ok(Typed::new(average, result, true, name))
}

/// The least or the greatest value. NaN is greater than all others.
fn extreme(
    call: AggregateCall<'_>,
    function: fn(&SparkType) -> Result<Arc<AggregateUDF>>,
    name: &str,
) -> Result<Typed> {
    let shown = call.name();
    let arg = call.single()?;
    aggregates::check_orderable(name, &arg.data_type).map_err(|error| call.mismatch(error))?;
    let function = function(&arg.data_type)?;
    let args = match &arg.data_type {
        // Nested values are picked by their order.
        SparkType::Array { .. } | SparkType::Struct(_) => vec![arg.expr.clone(), arg.expr],
        _ => vec![arg.expr],
    };
    let call = call.with_repetitions();
    Ok(Typed::new(call.over(function, args), arg.data_type, true, shown))
}

/// Whether all are true, which is the least boolean, or any, which is the greatest.
fn logical(call: AggregateCall<'_>, function: fn(&SparkType) -> Result<Arc<AggregateUDF>>) -> Result<Typed> {
    let name = call.name();
    let arg = call.single()?;
    if !matches!(arg.data_type, SparkType::Boolean | SparkType::Void) {
        let (called, found) = (call.called, &arg.data_type);
        return Err(
            call.mismatch(format!("Input to function '{called}' should have been boolean, but it's [{found}]."))
        );
    }
    let arg = arg.coerced(&SparkType::Boolean, call.zone)?;
    let call = call.with_repetitions();
    Ok(Typed::new(call.over(function(&SparkType::Boolean)?, vec![arg.expr]), SparkType::Boolean, true, name))
}

fn bitwise(call: AggregateCall<'_>, op: ArithmeticOp) -> Result<Typed> {
    let name = call.name();
    let data_type = call.single()?.data_type;
    Ok(Typed::new(call.over(aggregates::bitwise_udaf(op), call.exprs()), data_type, true, name))
}
