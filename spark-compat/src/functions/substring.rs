//! `substring(text, position, length)`: positions count characters from 1, negative ones from the end, and 0 means 1.
//!
//! <https://spark.apache.org/docs/3.2.0/api/sql/index.html#substring>, rule: `UTF8String.substringSQL`.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, BinaryViewArray, StringViewBuilder};
use arrow::datatypes::{DataType, Int32Type};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::functions::expr_fn;
use datafusion::logical_expr::expr::{Case, ScalarFunction};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, lit,
};

use super::arguments::{Arity, Input};
use super::{Call, Function, scalar};
use crate::arithmetic;
use crate::error::{Result, SparkError};
use crate::resolver::Typed;
use crate::types::SparkType;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::scalar("substring", Arity::Between(2, 3), &[Input::Any, Input::Int], substring).with_aliases(&["substr"]),
    Function::scalar("left", Arity::Exactly(2), &[Input::Any, Input::Int], left),
    Function::scalar("right", Arity::Exactly(2), &[Input::Any, Input::Int], right),
];

fn substring(call: Call<'_>) -> Result<Typed> {
    let (called, zone, nullable) = (call.called, call.zone, call.any_nullable());
    let mut args = call.args.into_iter();
    let (Some(text), Some(position)) = (args.next(), args.next()) else {
        return Err(SparkError::internal("substring without a position"));
    };
    // Without a length Spark takes the largest one, and shows it in the name.
    let length = args.next().unwrap_or_else(|| Typed::literal(i32::MAX.into(), SparkType::Int, i32::MAX.to_string()));
    let name = format!("{called}({}, {}, {})", text.name, position.name, length.name);
    if text.data_type == SparkType::Binary {
        let args = vec![text.expr, position.expr, length.expr];
        let expr = scalar::plain("spark_substring_binary", binary_kernel, &SparkType::Binary, args);
        return Ok(Typed::new(expr, SparkType::Binary, nullable, name));
    }
    let text = text.coerced(&SparkType::String, zone)?;
    let expr = match (position.as_literal(), length.as_literal()) {
        // DataFusion's function means the same here, and shares the characters instead of copying them.
        (Some(ScalarValue::Int32(Some(position @ 1..))), Some(ScalarValue::Int32(Some(length @ 0..)))) => {
            expr_fn::substring(text.expr, lit(i64::from(*position)), lit(i64::from(*length)))
        }
        _ => {
            Expr::ScalarFunction(ScalarFunction::new_udf(Arc::clone(&UDF), vec![text.expr, position.expr, length.expr]))
        }
    };
    Ok(Typed::new(expr, SparkType::String, nullable, name))
}

/// `left(text, n)` is `substring(text, 1, n)`.
fn left(call: Call<'_>) -> Result<Typed> {
    let (name, nullable, zone) = (call.name(), call.any_nullable(), call.zone);
    let [text, count] = call.take()?;
    if text.data_type == SparkType::Binary {
        let args = vec![text.expr, lit(1i32), count.expr];
        let expr = scalar::plain("spark_substring_binary", binary_kernel, &SparkType::Binary, args);
        return Ok(Typed::new(expr, SparkType::Binary, nullable, name));
    }
    let text = text.coerced(&SparkType::String, zone)?;
    let expr = match count.as_literal() {
        Some(ScalarValue::Int32(Some(count))) => {
            expr_fn::substring(text.expr, lit(1i64), lit(i64::from(*count.max(&0))))
        }
        _ => UDF.call(vec![text.expr, lit(1i32), count.expr]),
    };
    Ok(Typed::new(expr, SparkType::String, nullable, name))
}

/// `right(text, n)` is the empty string for n below 1, otherwise `substring(text, -n)`; hence it does not take binaries.
fn right(call: Call<'_>) -> Result<Typed> {
    let (name, nullable, zone) = (call.name(), call.any_nullable(), call.zone);
    let [text, count] = call.take()?;
    if text.data_type == SparkType::Binary {
        return Err(SparkError::analysis(format!(
            "cannot resolve '(IF(({} <= 0), '', substring({}, (- {}), 2147483647)))' due to data type mismatch: differing \
             types (string and binary).",
            count.name, text.name, count.name
        )));
    }
    let text = text.coerced(&SparkType::String, zone)?;
    let from_end = arithmetic::lower_negate((count.expr.clone(), SparkType::Int))?;
    let end = UDF.call(vec![text.expr.clone(), from_end, lit(i32::MAX)]);
    let none = UDF.call(vec![text.expr, lit(1i32), lit(0i32)]);
    let empty = vec![(Box::new(count.expr.lt_eq(lit(0i32))), Box::new(none))];
    let expr = Expr::Case(Case::new(None, empty, Some(Box::new(end))));
    Ok(Typed::new(expr, SparkType::String, nullable, name))
}

static UDF: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| Arc::new(ScalarUDF::from(Substring::new())));

/// The kernel for positions and lengths of any value: (Utf8View, Int32, Int32) to Utf8View.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Substring {
    signature: Signature,
}

impl Substring {
    fn new() -> Self {
        let types = vec![DataType::Utf8View, DataType::Int32, DataType::Int32];
        Self { signature: Signature::exact(types, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Substring {
    fn name(&self) -> &str {
        "spark_substring"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let scalar = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let result = kernel(&arrays)?;
        if scalar {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0)?));
        }
        Ok(ColumnarValue::Array(result))
    }
}

fn binary_kernel(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [bytes, position, length] = scalar::arguments(arrays)?;
    let rows = bytes.as_binary_view().iter().zip(position.as_primitive::<Int32Type>());
    let rows = rows.zip(length.as_primitive::<Int32Type>());
    let parts = rows.map(|((bytes, position), length)| Some(slice_bytes(bytes?, position?, length?)));
    Ok(Arc::new(parts.collect::<BinaryViewArray>()))
}

fn kernel(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [text, position, length] = arrays else {
        return datafusion::common::internal_err!("substring takes three arguments");
    };
    let text = text.as_string_view();
    let position = position.as_primitive::<Int32Type>();
    let length = length.as_primitive::<Int32Type>();
    let mut out = StringViewBuilder::with_capacity(text.len());
    for row in 0..text.len() {
        if text.is_null(row) || position.is_null(row) || length.is_null(row) {
            out.append_null();
        } else {
            out.append_value(slice(text.value(row), position.value(row), length.value(row)));
        }
    }
    Ok(Arc::new(out.finish()))
}

/// The bytes from `position` on, as [`slice`] counts characters.
pub(super) fn slice_bytes(bytes: &[u8], position: i32, length: i32) -> &[u8] {
    let (start, end) = range(i64::try_from(bytes.len()).unwrap_or(i64::MAX), position, length);
    bytes.get(start as usize..end as usize).unwrap_or_default()
}

/// Where the part of something of `count` elements starts and ends.
fn range(count: i64, position: i32, length: i32) -> (i64, i64) {
    let start = match i64::from(position) {
        forward @ 1.. => forward - 1,
        0 => 0,
        backward => count + backward,
    };
    let end = start.saturating_add(i64::from(length)).min(count);
    (start.max(0), end.max(0))
}

/// The characters of `text` from `position` on, `length` of them at most.
pub(super) fn slice(text: &str, position: i32, length: i32) -> &str {
    let count = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let (start, end) = range(count, position, length);
    if start >= end {
        return "";
    }
    let byte = |character: i64| {
        let nth = usize::try_from(character).ok().and_then(|n| text.char_indices().nth(n));
        nth.map_or(text.len(), |(byte, _)| byte)
    };
    text.get(byte(start)..byte(end)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_from_one_from_the_end_and_from_zero() {
        assert_eq!(slice("hello", 2, 3), "ell");
        assert_eq!(slice("hello", 0, 3), "hel");
        assert_eq!(slice("hello", -3, 2), "ll");
        assert_eq!(slice("hello", -3, i32::MAX), "llo");
        assert_eq!(slice("héllo", 2, 3), "éll");
    }

    #[test]
    fn a_start_before_the_text_uses_up_the_length() {
        assert_eq!(slice("hello", -7, 3), "h");
        assert_eq!(slice("hello", -7, 2), "");
        assert_eq!(slice("hello", 2, -1), "");
        assert_eq!(slice("hello", 9, 2), "");
    }
}
