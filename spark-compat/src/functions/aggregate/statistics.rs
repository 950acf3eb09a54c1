//! Variance and what is made of it, covariance, correlation.

use super::AggregateCall;
use crate::aggregates::{self, Statistic};
use crate::error::Result;
use crate::functions::Function;
use crate::functions::arguments::{Arity, Input};
use crate::resolver::Typed;
use crate::types::SparkType;

const DOUBLE: &[Input] = &[Input::Double];
const ONE: Arity = Arity::Exactly(1);
const TWO: Arity = Arity::Exactly(2);

pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function::aggregate("stddev_samp", ONE, DOUBLE, |call| statistic(call, Statistic::StddevSamp))
        .with_aliases(&["stddev", "std"]),
    Function::aggregate("stddev_pop", ONE, DOUBLE, |call| statistic(call, Statistic::StddevPop)),
    Function::aggregate("var_samp", ONE, DOUBLE, |call| statistic(call, Statistic::VarSamp))
        .with_aliases(&["variance"]),
    Function::aggregate("var_pop", ONE, DOUBLE, |call| statistic(call, Statistic::VarPop)),
    Function::aggregate("skewness", ONE, DOUBLE, |call| statistic(call, Statistic::Skewness)),
    Function::aggregate("kurtosis", ONE, DOUBLE, |call| statistic(call, Statistic::Kurtosis)),
    Function::aggregate("covar_samp", TWO, DOUBLE, |call| statistic(call, Statistic::CovarSamp)),
    Function::aggregate("covar_pop", TWO, DOUBLE, |call| statistic(call, Statistic::CovarPop)),
    Function::aggregate("corr", TWO, DOUBLE, |call| statistic(call, Statistic::Corr)),
];

fn statistic(call: AggregateCall<'_>, statistic: Statistic) -> Result<Typed> {
    let value = call.over(aggregates::statistic_udaf(statistic), call.exprs());
    Ok(Typed::new(value, SparkType::Double, true, call.name()))
}
