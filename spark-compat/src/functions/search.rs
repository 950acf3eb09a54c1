//! Places and parts of strings: `instr`, `locate`, `find_in_set`, `substring_index`, `elt`.

use arrow::array::{ArrayRef, AsArray, Int32Array};
use arrow::datatypes::Int32Type;
use datafusion::common::Result as DataFusionResult;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::lit;

use super::arguments::{Arity, Input};
use super::scalar::{self, Run, arguments};
use super::{Call, Function, text};
use crate::error::{Result, SparkError};
use crate::kernel;
use crate::resolver::{Typed, call_name};
use crate::types::SparkType;

const STRING: &[Input] = &[Input::String];
const LOCATE: &[Input] = &[Input::String, Input::String, Input::Int];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::scalar("instr", Arity::Exactly(2), STRING, |call| int(call, "spark_instr", instr)),
    Function::scalar("locate", Arity::Between(2, 3), LOCATE, locate).with_aliases(&["position"]),
    Function::scalar("find_in_set", Arity::Exactly(2), STRING, |call| int(call, "spark_find_in_set", find_in_set)),
    Function::scalar("substring_index", Arity::Exactly(3), LOCATE, |call| {
        scalar::lower(call, "substring_index", "spark_substring_index", SparkType::String, substring_index)
    }),
    Function::scalar("elt", Arity::AtLeast(1), &[Input::Int, Input::Any], elt),
];

fn int(call: Call<'_>, kernel: &'static str, run: Run) -> Result<Typed> {
    let called = call.called;
    scalar::lower(call, called, kernel, SparkType::Int, run)
}

fn instr(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [text, part] = arguments(arrays)?;
    let pairs = text.as_string_view().iter().zip(part.as_string_view());
    kernel::shared(pairs.map(|(text, part)| Some(position(text?, part?, 1))).collect::<Int32Array>())
}

/// The position of `part` in `text` from the 1-based position `from` on, 0 if there is none. What is empty is found at once.
fn position(text: &str, part: &str, from: i32) -> i32 {
    let Ok(skipped) = usize::try_from(i64::from(from) - 1) else { return 0 };
    if part.is_empty() {
        return 1;
    }
    let start = text::offset(text, skipped);
    match text.get(start..).and_then(|rest| rest.find(part)) {
        Some(at) => text.get(..start + at).map_or(0, |before| before.chars().count() as i32 + 1),
        None => 0,
    }
}

/// `locate(part, text[, from])`: 0 where `from` is NULL.
fn locate(call: Call<'_>) -> Result<Typed> {
    let called = call.called;
    let mut args = call.args;
    if args.len() == 2 {
        args.push(Typed::literal(1i32.into(), SparkType::Int, "1"));
    }
    let name = call_name(called, &args);
    let [part, text, from] = <[Typed; 3]>::try_from(args).map_err(|_| SparkError::internal("locate takes a place"))?;
    let nullable = part.nullable || text.nullable;
    let args = vec![part.expr, text.expr, from.expr];
    Ok(Typed::new(scalar::plain("spark_locate", places, &SparkType::Int, args), SparkType::Int, nullable, name))
}

fn places(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [part, text, from] = arguments(arrays)?;
    let rows = part.as_string_view().iter().zip(text.as_string_view()).zip(from.as_primitive::<Int32Type>());
    let places = rows.map(|((part, text), from)| match from {
        None => Some(0),
        Some(from) => Some(position(text?, part?, from)),
    });
    kernel::shared(places.collect::<Int32Array>())
}

/// Which part of the list, whose parts are set apart by commas, the word is; a word with a comma is none.
fn find_in_set(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [word, list] = arguments(arrays)?;
    let pairs = word.as_string_view().iter().zip(list.as_string_view());
    let found = pairs.map(|(word, list)| {
        let word = word?;
        let at = list?.split(',').position(|part| part == word);
        Some(at.and_then(|at| i32::try_from(at + 1).ok()).unwrap_or(0))
    });
    kernel::shared(found.collect::<Int32Array>())
}

fn substring_index(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [text, delimiter, count] = arguments(arrays)?;
    let (text, delimiter) = (text.as_string_view(), delimiter.as_string_view());
    let count = count.as_primitive::<Int32Type>();
    text::rows(arrays, |row, out| {
        // Spark counts with the opposite number, which there is none of, and ends behind the text.
        if count.value(row) == i32::MIN && !delimiter.value(row).is_empty() {
            return Err(SparkError::execution("java.lang.NegativeArraySizeException: -1").into());
        }
        out.push_str(part_before(text.value(row), delimiter.value(row), count.value(row)));
        Ok(true)
    })
}

/// What stands before the `count`th delimiter, or behind the one that is so far from the end. Delimiters may overlap.
fn part_before<'a>(text: &'a str, delimiter: &str, count: i32) -> &'a str {
    if delimiter.is_empty() || count == 0 {
        return "";
    }
    let (bytes, pattern) = (text.as_bytes(), delimiter.as_bytes());
    let mut places = bytes.windows(pattern.len()).enumerate().filter(|(_, part)| *part == pattern).map(|(at, _)| at);
    let nth = count.unsigned_abs() as usize - 1;
    match count > 0 {
        true => places.nth(nth).and_then(|at| text.get(..at)).unwrap_or(text),
        false => {
            let place = bytes.windows(pattern.len()).enumerate().rev().filter(|(_, part)| *part == pattern).nth(nth);
            place.and_then(|(at, _)| text.get(at + pattern.len()..)).unwrap_or(text)
        }
    }
}

/// The argument with this number: a string, unless all are binaries.
fn elt(call: Call<'_>) -> Result<Typed> {
    let (name, zone) = (call.name(), call.zone);
    let mut args = call.args.into_iter();
    let Some(index) = args.next() else { return Err(SparkError::internal("elt without a number")) };
    let values: Vec<Typed> = args.collect();
    if values.is_empty() {
        return Err(SparkError::analysis(format!(
            "cannot resolve '{name}' due to data type mismatch: elt function requires at least two arguments"
        )));
    }
    let binaries = values.iter().all(|value| value.data_type == SparkType::Binary);
    let output = if binaries { SparkType::Binary } else { SparkType::String };
    let nested = |t: &SparkType| matches!(t, SparkType::Array { .. } | SparkType::Map { .. } | SparkType::Struct(_));
    if values.iter().any(|value| nested(&value.data_type)) {
        let types: Vec<_> = values.iter().map(|value| value.data_type.to_string()).collect();
        return Err(SparkError::analysis(format!(
            "cannot resolve '{name}' due to data type mismatch: input to function elt should have string or binary, but it's \
             [{}]",
            types.join(", ")
        )));
    }
    let choices = (1i32..).zip(values).map(|(at, value)| {
        let value = value.coerced(&output, zone)?.expr;
        Ok((Box::new(lit(at)), Box::new(value)))
    });
    let choices = choices.collect::<Result<Vec<_>>>()?;
    let null = Expr::Literal(ScalarValue::try_from(&output.to_arrow())?, None);
    let expr = Expr::Case(Case::new(Some(Box::new(index.expr)), choices, Some(Box::new(null))));
    Ok(Typed::new(expr, output, true, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_may_overlap() {
        assert_eq!(part_before("aaaa", "aa", 2), "a");
        assert_eq!(part_before("aaaa", "aa", -2), "a");
        assert_eq!(part_before("a.b", ".", i32::MIN), "a.b");
    }

    #[test]
    fn positions_count_characters_from_one() {
        assert_eq!(position("éa", "a", 1), 2);
        assert_eq!(position("abc", "", 10), 1);
        assert_eq!(position("abc", "a", 0), 0);
        assert_eq!(position("abcb", "b", 3), 4);
    }
}
