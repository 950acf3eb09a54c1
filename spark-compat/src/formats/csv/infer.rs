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
use crate::datetime::pattern;
use crate::datetime::zone::Zone;
use crate::error::Result;
use crate::json::times::DEFAULT_TIMESTAMP;
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
    let timestamps = pattern::Reader::new(DEFAULT_TIMESTAMP)?;
    while let Some(batch) = batches.try_next().await? {
        for line in batch.column(0).as_string_view().iter().flatten() {
            for (so_far, value) in types.iter_mut().zip(line::split(line, separator)?) {
                if let Some(value) = value {
                    *so_far = with_value(so_far, &value, &timestamps);
                }
            }
        }
    }
    Ok(types.into_iter().map(|t| if t == SparkType::Void { SparkType::String } else { t }).collect())
}

/// The type of a column that had the type `so_far` before this value. `timestamps` reads those that are timestamps.
pub(crate) fn with_value(so_far: &SparkType, value: &str, timestamps: &pattern::Reader) -> SparkType {
    use SparkType as T;
    let of_value = match so_far {
        T::String => return T::String,
        T::Void | T::Int => integer(value, timestamps),
        T::Long => long(value, timestamps),
        T::Decimal { .. } => decimal(value, timestamps),
        T::Double => double(value, timestamps),
        T::Timestamp => timestamp(value, timestamps),
        _ => boolean(value),
    };
    compatible(so_far, &of_value).unwrap_or(T::String)
}

fn integer(value: &str, timestamps: &pattern::Reader) -> SparkType {
    if value::integer::<i32>(value).is_some() { SparkType::Int } else { long(value, timestamps) }
}

fn long(value: &str, timestamps: &pattern::Reader) -> SparkType {
    if value::integer::<i64>(value).is_some() { SparkType::Long } else { decimal(value, timestamps) }
}

/// Whole numbers that a bigint does not hold are decimals; those with a fraction are doubles.
fn decimal(value: &str, timestamps: &pattern::Reader) -> SparkType {
    match DecimalText::read(&value.replace(',', "")) {
        Some(DecimalText { digits, scale: 0, .. }) if digits.len() <= MAX_PRECISION.into() => {
            SparkType::decimal(digits.len().max(1) as u8, 0)
        }
        _ => double(value, timestamps),
    }
}

fn double(value: &str, timestamps: &pattern::Reader) -> SparkType {
    if value::float(value, parse_double).is_some() { SparkType::Double } else { timestamp(value, timestamps) }
}

/// Whether a text is a timestamp does not depend on the zone; one that only older parsers read is none.
fn timestamp(value: &str, timestamps: &pattern::Reader) -> SparkType {
    match timestamps.read(value, Zone::UTC, &mut Vec::new()) {
        Ok(Some(_)) => SparkType::Timestamp,
        _ => boolean(value),
    }
}

fn boolean(value: &str) -> SparkType {
    if value::boolean(value).is_some() { SparkType::Boolean } else { SparkType::String }
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
        let timestamps = pattern::Reader::new(DEFAULT_TIMESTAMP).unwrap();
        let of_all = values.iter().fold(SparkType::Void, |so_far, value| with_value(&so_far, value, &timestamps));
        of_all.catalog_string()
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
    fn timestamps_are_those_of_the_pattern() {
        assert_eq!(inferred(&["2020-01-01T10:00:00.123Z", "2020-01-01T10:00:00"]), "timestamp");
        assert_eq!(inferred(&["2020-01-01T10:00:00", "1"]), "string");
        assert_eq!(inferred(&["2020-01-01 10:00:00"]), "string");
    }
}
