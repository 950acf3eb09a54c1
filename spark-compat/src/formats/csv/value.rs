//! The values of CSV as Spark's `UnivocityParser` parses them for each type: what does not parse is NULL.
//!
//! These are not the rules of CAST: no blanks around integers, no `yes` for true, commas inside decimals.

use std::sync::Arc;

use arrow::array::{ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Decimal128Array, PrimitiveArray};
use arrow::datatypes::{DataType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use datafusion::common::Result as DataFusionResult;
use datafusion::functions::core::expr_fn::get_field;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::line::{field_name, single_array};
use crate::cast::from_string::{parse_decimal, parse_double, parse_float};
use crate::error::{Result, SparkError};
use crate::types::SparkType;

/// The value at a place of the struct that a line was split into, as a value of `data_type`.
pub(super) fn parsed(fields: &Expr, at: usize, data_type: &SparkType) -> Result<Expr> {
    let text = get_field(fields.clone(), field_name(at));
    match data_type {
        SparkType::String => Ok(text),
        SparkType::Boolean
        | SparkType::Byte
        | SparkType::Short
        | SparkType::Int
        | SparkType::Long
        | SparkType::Float
        | SparkType::Double
        | SparkType::Decimal { .. } => {
            let signature = Signature::exact(vec![DataType::Utf8View], Volatility::Immutable);
            Ok(ScalarUDF::from(ParseValue { signature, to: data_type.clone() }).call(vec![text]))
        }
        other => Err(SparkError::unsupported(format!("columns of type {other} in CSV files"))),
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ParseValue {
    signature: Signature,
    to: SparkType,
}

impl ScalarUDFImpl for ParseValue {
    fn name(&self) -> &str {
        "spark_csv_value"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.to.to_arrow())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let texts = single_array(&args)?;
        let values: ArrayRef = match &self.to {
            SparkType::Boolean => {
                Arc::new(texts.as_string_view().iter().map(|t| t.and_then(boolean)).collect::<BooleanArray>())
            }
            SparkType::Byte => each::<Int8Type>(&texts, integer),
            SparkType::Short => each::<Int16Type>(&texts, integer),
            SparkType::Int => each::<Int32Type>(&texts, integer),
            SparkType::Long => each::<Int64Type>(&texts, integer),
            SparkType::Float => each::<Float32Type>(&texts, |text| float(text, parse_float)),
            SparkType::Double => each::<Float64Type>(&texts, |text| float(text, parse_double)),
            SparkType::Decimal { precision, scale } => {
                let values = texts.as_string_view().iter().map(|t| t.and_then(|t| decimal(t, *precision, *scale)));
                let values: Decimal128Array = values.collect();
                Arc::new(values.with_precision_and_scale(*precision, *scale as i8)?)
            }
            other => return datafusion::common::internal_err!("no CSV values of type {other}"),
        };
        Ok(ColumnarValue::Array(values))
    }
}

fn each<T: ArrowPrimitiveType>(texts: &ArrayRef, parse: impl Fn(&str) -> Option<T::Native>) -> ArrayRef {
    Arc::new(texts.as_string_view().iter().map(|text| text.and_then(&parse)).collect::<PrimitiveArray<T>>())
}

/// `Integer.parseInt` and its like: an optional sign and digits.
pub(crate) fn integer<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// `Double.parseDouble`, `Inf` and `-Inf`; other spellings of infinity and NaN are Java's only.
pub(crate) fn float<F>(text: &str, parse: impl Fn(&str) -> Option<F>) -> Option<F> {
    let unsigned = text.trim().trim_start_matches(['+', '-']);
    let special = ["nan", "inf", "infinity"].iter().any(|name| unsigned.eq_ignore_ascii_case(name));
    if special && !matches!(unsigned, "NaN" | "Infinity") && !matches!(text, "Inf" | "-Inf") {
        return None;
    }
    parse(text)
}

/// `String.toBoolean`: true and false in any case.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// `new BigDecimal` of the text without its commas, rounded half up.
pub(crate) fn decimal(text: &str, precision: u8, scale: u8) -> Option<i128> {
    parse_decimal(&text.replace(',', ""), precision, scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_have_no_blanks_and_no_fractions() {
        let read = |text| integer::<i32>(text);
        assert_eq!(["1", "+2", "-5"].map(read), [Some(1), Some(2), Some(-5)]);
        assert_eq!([" 3", "4 ", "1.0", "1L", "0x1", "", "2147483648"].map(read), [None; 7]);
    }

    #[test]
    fn doubles_are_those_of_java() {
        let read = |text| float(text, parse_double);
        assert_eq!(
            ["1.5", " 2.5 ", "1d", "0x1p3", ".5", "5.", "1e400"].map(read).map(Option::unwrap),
            [1.5, 2.5, 1.0, 8.0, 0.5, 5.0, f64::INFINITY]
        );
        assert_eq!(["Inf", "Infinity", "+Infinity"].map(read), [Some(f64::INFINITY); 3]);
        assert!(read("NaN").unwrap().is_nan() && read("-NaN").unwrap().is_nan());
        assert_eq!(["nan", "inf", "infinity", "1L", "1,5", "1e"].map(read), [None; 6]);
    }

    #[test]
    fn booleans_are_true_and_false_only() {
        assert_eq!(["tRuE", "FALSE"].map(boolean), [Some(true), Some(false)]);
        assert_eq!(["t", "1", "yes", " true"].map(boolean), [None; 4]);
    }

    #[test]
    fn decimals_lose_their_commas_and_are_rounded() {
        let read = |text| decimal(text, 10, 2);
        assert_eq!(
            ["1.25", "1.255", "-1.255", "1,5", "1e3"].map(read),
            [Some(125), Some(126), Some(-126), Some(1500), Some(100_000)]
        );
        assert_eq!([" 1", "x", "12345678901", "99999999.999"].map(read), [None; 4]);
    }
}
