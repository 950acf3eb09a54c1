//! The types of CSV columns by their values (Spark's `CSVInferSchema`).

use arrow::array::AsArray;
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use futures::TryStreamExt;

use super::line::{self, Separator};
use super::value;
use crate::cast::from_string::parse_double;
use crate::coercion::{self, decimal::Digits};
use crate::error::{Result, SparkError};
use crate::parse::literal::DecimalText;
use crate::types::{MAX_PRECISION, SparkType};

/// The types of the first `count` columns over all lines.
pub(super) async fn types(
    state: &SessionState,
    lines: &LogicalPlan,
    separator: Separator,
    count: usize,
) -> Result<Vec<SparkType>> {
    let plan = state.create_physical_plan(lines).await?;
    let mut batches = execute_stream(plan, state.task_ctx())?;
    let mut types = vec![SparkType::Void; count];
    while let Some(batch) = batches.try_next().await? {
        for line in batch.column(0).as_string_view().iter().flatten() {
            for (so_far, value) in types.iter_mut().zip(line::split(line, separator)?) {
                if let Some(value) = value {
                    *so_far = with_value(so_far, &value)?;
                }
            }
        }
    }
    Ok(types.into_iter().map(|t| if t == SparkType::Void { SparkType::String } else { t }).collect())
}

/// The type of a column that had the type `so_far` before this value.
pub(crate) fn with_value(so_far: &SparkType, value: &str) -> Result<SparkType> {
    use SparkType as T;
    let of_value = match so_far {
        T::String => return Ok(T::String),
        T::Void | T::Int => integer(value),
        T::Long => long(value),
        T::Decimal { .. } => decimal(value),
        T::Double => double(value),
        _ => boolean(value),
    }?;
    Ok(compatible(so_far, &of_value).unwrap_or(T::String))
}

fn integer(value: &str) -> Result<SparkType> {
    if value::integer::<i32>(value).is_some() { Ok(SparkType::Int) } else { long(value) }
}

fn long(value: &str) -> Result<SparkType> {
    if value::integer::<i64>(value).is_some() { Ok(SparkType::Long) } else { decimal(value) }
}

/// Whole numbers that a bigint does not hold are decimals; those with a fraction are doubles.
fn decimal(value: &str) -> Result<SparkType> {
    match DecimalText::read(&value.replace(',', "")) {
        Some(DecimalText { digits, scale: 0, .. }) if digits.len() <= MAX_PRECISION.into() => {
            Ok(SparkType::decimal(digits.len().max(1) as u8, 0))
        }
        _ => double(value),
    }
}

fn double(value: &str) -> Result<SparkType> {
    if value::float(value, parse_double).is_some() { Ok(SparkType::Double) } else { timestamp(value) }
}

fn timestamp(value: &str) -> Result<SparkType> {
    if is_like_timestamp(value) {
        return Err(SparkError::unsupported(
            "inferSchema of CSV columns that hold timestamps: declare the columns as strings",
        ));
    }
    boolean(value)
}

fn boolean(value: &str) -> Result<SparkType> {
    Ok(if value::boolean(value).is_some() { SparkType::Boolean } else { SparkType::String })
}

/// Whether the value may be a timestamp of the pattern `yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]`.
fn is_like_timestamp(value: &str) -> bool {
    let shape: String = value.chars().take(19).map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    shape == "0000-00-00T00:00:00"
}

/// The type that holds both (Spark's `compatibleType`); strings hold everything.
fn compatible(a: &SparkType, b: &SparkType) -> Option<SparkType> {
    use SparkType as T;
    if let Some(common) = coercion::tightest_common_type(a, b) {
        return Some(common);
    }
    match (a, b) {
        (T::Double, T::Decimal { .. }) | (T::Decimal { .. }, T::Double) => Some(T::Double),
        (T::Decimal { .. }, other) | (other, T::Decimal { .. }) if other.is_numeric() => {
            let (a, b) = (Digits::of(a)?, Digits::of(b)?);
            let scale = a.scale.max(b.scale);
            let whole = (a.precision - a.scale).max(b.precision - b.scale);
            Some(if whole + scale > MAX_PRECISION.into() {
                T::Double
            } else {
                T::decimal((whole + scale) as u8, scale as u8)
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inferred(values: &[&str]) -> String {
        let types = values.iter().try_fold(SparkType::Void, |so_far, value| with_value(&so_far, value));
        types.unwrap().catalog_string()
    }

    #[test]
    fn numbers_widen_and_meet_in_doubles() {
        assert_eq!(inferred(&["1", "2"]), "int");
        assert_eq!(inferred(&["1", "2147483648"]), "bigint");
        assert_eq!(inferred(&["9223372036854775808", "1"]), "decimal(19,0)");
        assert_eq!(inferred(&["1", "1.5"]), "double");
        assert_eq!(inferred(&["12345678901234567890123456789012345678901", "1"]), "double");
        assert_eq!(inferred(&["1.5", "9223372036854775808"]), "double");
    }

    #[test]
    fn booleans_stay_only_among_themselves() {
        assert_eq!(inferred(&["true", "FALSE"]), "boolean");
        assert_eq!(inferred(&["true", "1"]), "string");
        assert_eq!(inferred(&["1", "x"]), "string");
        assert_eq!(inferred(&["2020-01-01"]), "string");
    }

    #[test]
    fn timestamps_are_refused() {
        assert!(with_value(&SparkType::Void, "2020-01-01T10:00:00.123Z").is_err());
    }
}
