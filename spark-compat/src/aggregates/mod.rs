//! Aggregate kernels with Spark's results: sums, extremes, picked and collected rows, statistics; DataFusion's own where they agree.

mod collect;
mod collect_set;
mod count_min_sketch;
mod decimal;
mod distinct;
mod fold;
mod groups;
mod hyper_log_log;
mod kernel;
mod moments;
mod percentile;
mod pick;
mod quantiles;
mod recomputed;
mod scala_set;
mod sum;

use std::sync::{Arc, LazyLock};

use datafusion::functions_aggregate::{count, min_max};
use datafusion::logical_expr::AggregateUDF;

pub use count_min_sketch::Sketch;
pub use hyper_log_log::Precision;
pub use moments::Statistic;
pub use percentile::Percentages;
pub(crate) use recomputed::recomputed;

use crate::error::{Result, SparkError};
use crate::types::SparkType;
use fold::Fold;
use pick::Pick;

/// The number of rows whose argument is not NULL.
pub fn count_udaf() -> Arc<AggregateUDF> {
    count::count_udaf()
}

/// `sum` over bigint, double, decimals or ANSI intervals (other numbers are cast to these first). Integers wrap, decimals are NULL on
/// overflow, intervals fail; the result has the type of [`crate::coercion::decimal::sum_result`] or of the input.
pub fn sum_udaf(input: &SparkType) -> Arc<AggregateUDF> {
    static NATIVE: LazyLock<Arc<AggregateUDF>> = LazyLock::new(|| Arc::new(AggregateUDF::from(sum::SparkSum::new())));
    match input {
        SparkType::Long | SparkType::Decimal { .. } => Arc::clone(&NATIVE),
        _ => kernel::udaf(Fold::Sum),
    }
}

/// `min` over `input`, of which NaN is the largest value.
pub fn min_udaf(input: &SparkType) -> Result<Arc<AggregateUDF>> {
    extreme("min", input, Fold::FloatMin, min_max::min_udaf)
}

/// `max` over `input`, of which NaN is the largest value.
pub fn max_udaf(input: &SparkType) -> Result<Arc<AggregateUDF>> {
    extreme("max", input, Fold::FloatMax, min_max::max_udaf)
}

fn extreme(
    name: &str,
    input: &SparkType,
    of_floats: Fold,
    native: fn() -> Arc<AggregateUDF>,
) -> Result<Arc<AggregateUDF>> {
    check_orderable(name, input)?;
    Ok(match input {
        SparkType::Float | SparkType::Double => kernel::udaf(of_floats),
        SparkType::Void => first_udaf(false),
        SparkType::Array { .. } | SparkType::Struct(_) => match of_floats {
            Fold::FloatMin => min_by_udaf(),
            _ => max_by_udaf(),
        },
        _ => native(),
    })
}

/// An error if values of the type have no order.
pub fn check_orderable(name: &str, input: &SparkType) -> Result<()> {
    fn orderable(t: &SparkType) -> bool {
        match t {
            SparkType::CalendarInterval | SparkType::Map { .. } => false,
            SparkType::Array { element, .. } => orderable(element),
            SparkType::Struct(fields) => fields.iter().all(|field| orderable(&field.data_type)),
            _ => true,
        }
    }
    if orderable(input) {
        return Ok(());
    }
    Err(SparkError::analysis(format!("function {name} does not support ordering on type {input}")))
}

/// The first value, or the first that is not NULL.
pub fn first_udaf(ignore_nulls: bool) -> Arc<AggregateUDF> {
    kernel::udaf(Pick::First { ignore_nulls })
}

/// The last value, or the last that is not NULL.
pub fn last_udaf(ignore_nulls: bool) -> Arc<AggregateUDF> {
    kernel::udaf(Pick::Last { ignore_nulls })
}

/// The value of the row with the greatest second argument.
pub fn max_by_udaf() -> Arc<AggregateUDF> {
    kernel::udaf(Pick::MaxBy)
}

/// The value of the row with the least second argument.
pub fn min_by_udaf() -> Arc<AggregateUDF> {
    kernel::udaf(Pick::MinBy)
}

/// An array of the values that are not NULL.
pub fn collect_list_udaf() -> Arc<AggregateUDF> {
    kernel::udaf(collect::CollectList)
}

/// An array of the different values that are not NULL.
pub fn collect_set_udaf() -> Arc<AggregateUDF> {
    kernel::udaf(collect_set::CollectSet)
}

/// Whether the result of a function depends on the order in which rows come.
pub fn takes_order(function: &AggregateUDF) -> bool {
    let name = function.name();
    ["spark_first", "spark_last", "spark_collect"].iter().any(|prefix| name.starts_with(prefix))
}

/// `&`, `|` and `^` over integers.
pub fn bitwise_udaf(op: crate::arithmetic::ArithmeticOp) -> Arc<AggregateUDF> {
    use crate::arithmetic::ArithmeticOp as O;
    kernel::udaf(match op {
        O::BitwiseAnd => Fold::BitAnd,
        O::BitwiseOr => Fold::BitOr,
        _ => Fold::BitXor,
    })
}

/// A statistic of doubles.
pub fn statistic_udaf(statistic: Statistic) -> Arc<AggregateUDF> {
    kernel::udaf(statistic)
}

/// The exact percentiles of doubles, each as often as the bigint beside it says.
pub fn percentile_udaf(percentages: Percentages) -> Arc<AggregateUDF> {
    kernel::udaf(percentile::Percentile(percentages))
}

/// The percentiles of numbers, dates or timestamps with a relative error of `1 / accuracy`.
pub fn percentile_approx_udaf(percentages: Percentages, accuracy: i32, input: SparkType) -> Arc<AggregateUDF> {
    kernel::udaf(percentile::ApproximatePercentile { percentages, accuracy, input })
}

/// The estimated number of different values.
pub fn approx_count_distinct_udaf(precision: Precision) -> Arc<AggregateUDF> {
    kernel::udaf(precision)
}

/// The serialized count-min sketch of integers, strings or binaries.
pub fn count_min_sketch_udaf(sketch: Sketch) -> Arc<AggregateUDF> {
    kernel::udaf(sketch)
}

/// The same function, but for `first` and `last`: these pass over NULLs in PIVOT, where a row with another value is NULL to
/// them (Spark's `ResolvePivot`).
pub fn in_pivot(function: Arc<AggregateUDF>) -> Arc<AggregateUDF> {
    if function == first_udaf(false) {
        first_udaf(true)
    } else if function == last_udaf(false) {
        last_udaf(true)
    } else {
        function
    }
}

#[cfg(test)]
mod tests;
