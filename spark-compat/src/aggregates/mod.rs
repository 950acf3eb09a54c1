//! Aggregate kernels with Spark's results: sums of decimals, extremes of floats; DataFusion's own where they agree.

mod decimal;
mod distinct;
mod float_extreme;
mod groups;
mod recomputed;
mod sum;

use std::sync::{Arc, LazyLock};

use datafusion::functions_aggregate::min_max;
use datafusion::logical_expr::AggregateUDF;

pub(crate) use recomputed::recomputed;

use crate::error::{Result, SparkError};
use crate::types::SparkType;

/// `sum` over bigint, double, decimals or intervals (other numbers are cast to these first). Integers wrap, decimals are NULL on
/// overflow; the result has the type of [`crate::coercion::decimal::sum_result`] or of the input.
pub fn sum_udaf() -> Arc<AggregateUDF> {
    static UDAF: LazyLock<Arc<AggregateUDF>> = LazyLock::new(|| Arc::new(AggregateUDF::from(sum::SparkSum::new())));
    Arc::clone(&UDAF)
}

/// `min` over `input`, of which NaN is the largest value.
pub fn min_udaf(input: &SparkType) -> Result<Arc<AggregateUDF>> {
    static FLOAT: LazyLock<Arc<AggregateUDF>> =
        LazyLock::new(|| Arc::new(AggregateUDF::from(float_extreme::FloatExtreme::min())));
    extreme("min", input, &FLOAT, min_max::min_udaf)
}

/// `max` over `input`, of which NaN is the largest value.
pub fn max_udaf(input: &SparkType) -> Result<Arc<AggregateUDF>> {
    static FLOAT: LazyLock<Arc<AggregateUDF>> =
        LazyLock::new(|| Arc::new(AggregateUDF::from(float_extreme::FloatExtreme::max())));
    extreme("max", input, &FLOAT, min_max::max_udaf)
}

fn extreme(
    name: &str,
    input: &SparkType,
    of_floats: &Arc<AggregateUDF>,
    native: fn() -> Arc<AggregateUDF>,
) -> Result<Arc<AggregateUDF>> {
    match input {
        SparkType::Float | SparkType::Double => Ok(Arc::clone(of_floats)),
        SparkType::CalendarInterval | SparkType::Map { .. } => {
            Err(SparkError::analysis(format!("function {name} does not support ordering on type {input}")))
        }
        SparkType::Array { .. } | SparkType::Struct(_) => Err(SparkError::unsupported(format!("{name} over {input}"))),
        _ => Ok(native()),
    }
}

#[cfg(test)]
mod tests;
