//! Aggregate functions: `count`, `sum`, `avg`, `min`, `max`.

use std::sync::Arc;

use datafusion::functions::core::expr_fn::r#struct;
use datafusion::functions_aggregate::count;
use datafusion::logical_expr::expr::{AggregateFunction, Case};
use datafusion::logical_expr::{AggregateUDF, Expr, lit};

use super::arguments::{Arity, Input};
use super::{Function, Support, float_keys};
use crate::aggregates;
use crate::arithmetic::{self, ArithmeticOp};
use crate::cast;
use crate::coercion::decimal::{self, Digits};
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::resolver::Typed;
use crate::types::SparkType;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::aggregate("count", Arity::AtLeast(1), &[Input::Any], count_rows),
    Function::aggregate("sum", Arity::Exactly(1), &[Input::Numeric], sum).with_support(NUMBERS),
    Function::aggregate("avg", Arity::Exactly(1), &[Input::Numeric], avg).with_aliases(&["mean"]).with_support(NUMBERS),
    Function::aggregate("min", Arity::Exactly(1), &[Input::Any], |call| extreme(call, aggregates::min_udaf))
        .with_support(EXTREMES),
    Function::aggregate("max", Arity::Exactly(1), &[Input::Any], |call| extreme(call, aggregates::max_udaf))
        .with_support(EXTREMES),
];

const NUMBERS: Support = Support::Partial("of numbers; not of intervals");
const EXTREMES: Support = Support::Partial("of all types but arrays and structs");

/// A call of an aggregate function. The arguments are cast to what the function takes.
#[derive(Clone, Debug)]
pub(crate) struct AggregateCall<'a> {
    /// The name it was called by, in lower case.
    pub called: &'a str,
    /// Whether repetitions don't count.
    pub distinct: bool,
    /// The arguments.
    pub args: Vec<Typed>,
    /// The condition of FILTER (WHERE ..).
    pub filter: Option<Typed>,
    /// The session time zone.
    pub zone: Zone,
}

impl AggregateCall<'_> {
    /// `sum(DISTINCT a) FILTER (WHERE (b > 1))`
    fn name(&self) -> String {
        let args: Vec<_> = self.args.iter().map(|arg| arg.name.as_str()).collect();
        let distinct = if self.distinct { "DISTINCT " } else { "" };
        let mut name = format!("{}({distinct}{})", self.called, args.join(", "));
        if let Some(filter) = &self.filter {
            name.push_str(&format!(" FILTER (WHERE {})", filter.name));
        }
        name
    }

    /// The function over one argument, with this call's DISTINCT and FILTER.
    fn over(&self, function: Arc<AggregateUDF>, arg: Expr) -> Expr {
        let filter = self.filter.as_ref().map(|filter| Box::new(filter.expr.clone()));
        Expr::AggregateFunction(AggregateFunction::new_udf(function, vec![arg], self.distinct, filter, vec![], None))
    }

    /// The argument, of which there is one by the function's arity.
    fn single(&self) -> Result<Typed> {
        match &self.args[..] {
            [arg] => Ok(arg.clone()),
            _ => Err(SparkError::internal(format!("{} was called with another arity", self.called))),
        }
    }
}

/// The rows for which no argument is NULL; with DISTINCT, the different ones among them.
fn count_rows(call: AggregateCall<'_>) -> Result<Typed> {
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
    Ok(Typed::new(call.over(count::count_udaf(), arg), SparkType::Long, false, call.name()))
}

fn is_constant(arg: &Typed) -> bool {
    arg.as_literal().is_some_and(|value| !value.is_null())
}

/// Integers add up to a bigint and wrap around; decimals get ten digits more.
fn sum(call: AggregateCall<'_>) -> Result<Typed> {
    let total = total(&call)?;
    Ok(total.named(call.name()))
}

fn total(call: &AggregateCall<'_>) -> Result<Typed> {
    let arg = call.single()?;
    let (summed, result) = match Digits::of(&arg.data_type) {
        Some(digits) if matches!(arg.data_type, SparkType::Decimal { .. }) => {
            (arg.data_type.clone(), decimal::sum_result(digits))
        }
        Some(_) if arg.data_type.is_integral() => (SparkType::Long, SparkType::Long),
        _ => (SparkType::Double, SparkType::Double),
    };
    let arg = arg.coerced(&summed, call.zone)?;
    let key = if call.distinct { float_keys::normalized(arg.expr, &summed) } else { arg.expr };
    Ok(Typed::new(call.over(aggregates::sum_udaf(), key), result, true, ""))
}

/// The sum divided by the count, as Spark's `Average` computes it: doubles, or decimals with four digits more.
fn avg(call: AggregateCall<'_>) -> Result<Typed> {
    let name = call.name();
    let arg = call.single()?;
    let decimals = matches!(arg.data_type, SparkType::Decimal { .. });
    let arg_as_summed = if decimals { arg.clone() } else { arg.clone().coerced(&SparkType::Double, call.zone)? };
    let call = AggregateCall { args: vec![arg_as_summed.clone()], ..call };
    let total = total(&call)?;
    let key = float_keys::normalized(arg_as_summed.expr, &arg_as_summed.data_type);
    let counted = if call.distinct { key } else { call.single()?.expr };
    let rows = call.over(count::count_udaf(), counted);
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
fn extreme(call: AggregateCall<'_>, function: fn(&SparkType) -> Result<Arc<AggregateUDF>>) -> Result<Typed> {
    let name = call.name();
    let arg = call.single()?;
    let function = function(&arg.data_type)?;
    // Repetitions make no difference to the least and the greatest.
    let call = AggregateCall { distinct: false, ..call };
    Ok(Typed::new(call.over(function, arg.expr), arg.data_type, true, name))
}
