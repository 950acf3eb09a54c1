//! The types of CSV columns by their values (Spark's `CSVInferSchema`).

use object_store::ObjectMeta;

use super::options::{CsvOptions, Numbers};
use super::reader::{self, holds_values};
use super::tokenizer::{Tokenizer, Values, values_of};
use super::value;
use crate::coercion::{self, decimal::Digits};
use crate::datetime::pattern;
use crate::datetime::zone::Zone;
use crate::error::Result;
use crate::formats::listing::Found;
use crate::formats::text::{Wanted, see_records};
use crate::json::times::DEFAULT_TIMESTAMP;
use crate::parse::literal::DecimalText;
use crate::types::{MAX_PRECISION, SparkType};

/// Finds the types of columns by their values.
pub(crate) struct Inference<'o> {
    options: &'o CsvOptions,
    timestamps: pattern::Reader,
    types: Vec<SparkType>,
}

impl<'o> Inference<'o> {
    /// Nothing is known yet of this many columns.
    ///
    /// # Errors
    ///
    /// The pattern of timestamps is none.
    pub fn new(options: &'o CsvOptions, columns: usize) -> Result<Self> {
        let pattern = options.times.timestamp_format.as_deref().unwrap_or(DEFAULT_TIMESTAMP);
        Ok(Self { options, timestamps: pattern::Reader::new(pattern)?, types: vec![SparkType::Void; columns] })
    }

    /// Takes a record into account.
    pub fn see(&mut self, values: &Values<'_>) {
        for (so_far, value) in self.types.iter_mut().zip(values) {
            if !value.is_empty() && **value != self.options.format.null_value {
                *so_far = with_value(so_far, value, &self.options.numbers, &self.timestamps);
            }
        }
    }

    /// The types; columns without values are strings.
    pub fn types(self) -> Vec<SparkType> {
        self.types.into_iter().map(|t| if t == SparkType::Void { SparkType::String } else { t }).collect()
    }
}

/// The types of the first `count` columns over all records. The line `header` is none, wherever it stands, if lines are records.
pub(super) async fn types(
    found: &Found,
    files: &[&ObjectMeta],
    options: &CsvOptions,
    header: &str,
    count: usize,
) -> Result<Vec<SparkType>> {
    let mut inference = Inference::new(options, count)?;
    for file in files {
        let mut see = |text: &str| {
            if options.multi_line {
                let mut records = Tokenizer::of_file(text, &options.format, options.line_end());
                let mut is_header = options.header;
                while let Some(values) = records.next_record()? {
                    if !std::mem::take(&mut is_header) {
                        inference.see(&values);
                    }
                }
            } else if holds_values(text, options)
                && !(options.header && text == header)
                && let Some(values) = values_of(text, &options.format, options.line_end())?
            {
                inference.see(&values);
            }
            Ok(Wanted::More)
        };
        see_records(&found.files, file, &reader::records(options), &mut see).await?;
    }
    Ok(inference.types())
}

/// The type of a column that had the type `so_far` before this value. `timestamps` reads those that are timestamps.
fn with_value(so_far: &SparkType, value: &str, numbers: &Numbers, timestamps: &pattern::Reader) -> SparkType {
    use SparkType as T;
    let of_value = match so_far {
        T::String => return T::String,
        T::Void | T::Int => integer(value, numbers, timestamps),
        T::Long => long(value, numbers, timestamps),
        T::Decimal { .. } => decimal(value, numbers, timestamps),
        T::Double => double(value, numbers, timestamps),
        T::Timestamp => timestamp(value, timestamps),
        _ => boolean(value),
    };
    compatible(so_far, &of_value).unwrap_or(T::String)
}

fn integer(value: &str, numbers: &Numbers, timestamps: &pattern::Reader) -> SparkType {
    if value::integer::<i32>(value).is_some() { SparkType::Int } else { long(value, numbers, timestamps) }
}

fn long(value: &str, numbers: &Numbers, timestamps: &pattern::Reader) -> SparkType {
    if value::integer::<i64>(value).is_some() { SparkType::Long } else { decimal(value, numbers, timestamps) }
}

/// Whole numbers that a bigint does not hold are decimals; those with a fraction are doubles.
fn decimal(value: &str, numbers: &Numbers, timestamps: &pattern::Reader) -> SparkType {
    match DecimalText::read(&value.replace(',', "")) {
        Some(DecimalText { digits, scale: 0, .. }) if digits.len() <= MAX_PRECISION.into() => {
            SparkType::decimal(digits.len().max(1) as u8, 0)
        }
        _ => double(value, numbers, timestamps),
    }
}

fn double(value: &str, numbers: &Numbers, timestamps: &pattern::Reader) -> SparkType {
    if numbers.double(value).is_some() { SparkType::Double } else { timestamp(value, timestamps) }
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
        let of_all = values
            .iter()
            .fold(SparkType::Void, |so_far, value| with_value(&so_far, value, &Numbers::default(), &timestamps));
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
