//! Functions of patterns, which are Java's regular expressions: `rlike`, `regexp_extract`, `regexp_extract_all`, `regexp_replace`, `split`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListBuilder, StringViewBuilder};
use arrow::datatypes::{DataType, Field, Int32Type};
use datafusion::common::{Result as DataFusionResult, ScalarValue};

use super::arguments::{Arity, Input};
use super::scalar::{self, Run, arguments};
use super::{Call, Function, like, text};
use crate::error::{Result, SparkError};
use crate::java_regex::{JavaRegex, Replacement, between};
use crate::kernel;
use crate::resolver::{Typed, call_name, evaluate_constant};
use crate::types::SparkType;

const STRINGS: &[Input] = &[Input::String];
const EXTRACT: &[Input] = &[Input::String, Input::String, Input::Int];
const REPLACE: &[Input] = &[Input::String, Input::String, Input::String, Input::Int];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::scalar("rlike", Arity::Exactly(2), STRINGS, rlike).with_aliases(&["regexp", "regexp_like"]),
    Function::scalar("like", Arity::Exactly(2), STRINGS, |call| {
        let zone = call.zone;
        let [text, pattern] = call.take()?;
        like::lower(text, pattern, '\\', zone)
    }),
    Function::scalar("regexp_extract", Arity::Between(2, 3), EXTRACT, |call| {
        extract(call, "spark_regexp_extract", SparkType::String, extract_first)
    }),
    Function::scalar("regexp_extract_all", Arity::Between(2, 3), EXTRACT, |call| {
        extract(call, "spark_regexp_extract_all", strings(true), extract_all)
    }),
    Function::scalar("regexp_replace", Arity::Between(3, 4), REPLACE, replace),
    Function::scalar("split", Arity::Between(2, 3), EXTRACT, |mut call| {
        if call.args.len() == 2 {
            call.args.push(Typed::literal((-1i32).into(), SparkType::Int, "-1"));
        }
        scalar::lower(call, "split", "spark_split", strings(false), split)
    }),
];

fn strings(contains_null: bool) -> SparkType {
    SparkType::Array { element: Box::new(SparkType::String), contains_null }
}

fn rlike(call: Call<'_>) -> Result<Typed> {
    let shown = call.called.to_uppercase();
    scalar::lower(call, &shown, "spark_rlike", SparkType::Boolean, |arrays| {
        let [texts, patterns] = arguments(arrays)?;
        let mut compiled = Compiled::default();
        let matches = texts.as_string_view().iter().zip(patterns.as_string_view()).map(|pair| match pair {
            (Some(text), Some(pattern)) => compiled.get(pattern)?.is_match(text).map(Some),
            _ => Ok(None),
        });
        kernel::shared(matches.collect::<Result<BooleanArray>>()?)
    })
}

/// The pattern of the row before: mostly that of this row.
#[derive(Debug, Default)]
struct Compiled(Option<Arc<JavaRegex>>);

impl Compiled {
    fn get(&mut self, pattern: &str) -> Result<&JavaRegex> {
        if self.0.as_ref().is_none_or(|regex| regex.pattern() != pattern) {
            self.0 = Some(JavaRegex::compiled(pattern)?);
        }
        self.0.as_deref().ok_or_else(|| SparkError::internal("a pattern that is not compiled"))
    }
}

/// `regexp_extract(text, pattern[, group])`: the first group unless another is named.
fn extract(mut call: Call<'_>, kernel: &'static str, output: SparkType, run: Run) -> Result<Typed> {
    let called = call.called;
    if call.args.len() == 2 {
        call.args.push(Typed::literal(1i32.into(), SparkType::Int, "1"));
    }
    scalar::lower(call, called, kernel, output, run)
}

/// The group's number, if the pattern has it.
fn checked_group(regex: &JavaRegex, group: i32) -> Result<usize> {
    match usize::try_from(group) {
        Err(_) => Err(SparkError::illegal_argument("The specified group index cannot be less than zero")),
        Ok(group) if group > regex.groups() => Err(SparkError::illegal_argument(format!(
            "Regex group count is {}, but the specified group index is {group}",
            regex.groups()
        ))),
        Ok(group) => Ok(group),
    }
}

/// What the group matched at first; nothing if there is no match, or the group took no part in it.
fn extract_first(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [texts, patterns, group] = arguments(arrays)?;
    let (texts, patterns) = (texts.as_string_view(), patterns.as_string_view());
    let group = group.as_primitive::<Int32Type>();
    let mut compiled = Compiled::default();
    text::rows(arrays, |row, out| {
        let regex = compiled.get(patterns.value(row))?;
        let text = texts.value(row);
        if let Some(groups) = regex.searches(text).next()? {
            // Spark looks at the number only where there is a match.
            out.push_str(groups.get(text, checked_group(regex, group.value(row))?).unwrap_or_default());
        }
        Ok(true)
    })
}

fn extract_all(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [texts, patterns, group] = arguments(arrays)?;
    let (texts, patterns) = (texts.as_string_view(), patterns.as_string_view());
    let group = group.as_primitive::<Int32Type>();
    let mut compiled = Compiled::default();
    lists(arrays, true, |row, out| {
        let regex = compiled.get(patterns.value(row))?;
        let text = texts.value(row);
        let mut matches = regex.searches(text);
        while let Some(groups) = matches.next()? {
            out.push(groups.get(text, checked_group(regex, group.value(row))?).unwrap_or_default())?;
        }
        Ok(())
    })
}

/// The strings of a list.
struct Parts<'a> {
    values: &'a mut StringViewBuilder,
    bytes: &'a mut usize,
}

impl Parts<'_> {
    fn push(&mut self, part: &str) -> DataFusionResult<()> {
        // A view takes 16 bytes besides its characters.
        *self.bytes = self.bytes.saturating_add(part.len() + 16);
        text::check_size(*self.bytes)?;
        self.values.append_value(part);
        Ok(())
    }
}

/// A list of strings for each row without a NULL argument.
fn lists(
    arrays: &[ArrayRef],
    contains_null: bool,
    mut write: impl FnMut(usize, &mut Parts<'_>) -> DataFusionResult<()>,
) -> DataFusionResult<ArrayRef> {
    let length = arrays.first().map_or(0, |array| array.len());
    let nulls = text::nulls(arrays);
    let mut bytes = 0;
    let field = match strings(contains_null).to_arrow() {
        DataType::List(field) => field,
        other => Arc::new(Field::new("item", other, contains_null)),
    };
    let mut out = ListBuilder::with_capacity(StringViewBuilder::new(), length).with_field(field);
    for row in 0..length {
        let valid = nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
        if valid {
            write(row, &mut Parts { values: out.values(), bytes: &mut bytes })?;
        }
        out.append(valid);
    }
    kernel::shared(out.finish())
}

/// `regexp_replace(text, pattern, replacement[, position])`.
fn replace(mut call: Call<'_>) -> Result<Typed> {
    if call.args.len() == 3 {
        call.args.push(Typed::literal(1i32.into(), SparkType::Int, "1"));
    }
    let name = call_name("regexp_replace", &call.args);
    let refused = |why: &str| {
        Err(SparkError::analysis(format!(
            "cannot resolve '{name}' due to data type mismatch: Position expression must be {why}"
        )))
    };
    if let Some(position) = call.args.last() {
        match evaluate_constant(&position.expr) {
            Ok(ScalarValue::Int32(Some(1..) | None)) => {}
            Ok(ScalarValue::Int32(Some(other))) => return refused(&format!("positive, but got: {other}")),
            _ => return refused(&format!("foldable, but got {}", position.name)),
        }
    }
    scalar::lower(call, "regexp_replace", "spark_regexp_replace", SparkType::String, replaced)
}

fn replaced(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [texts, patterns, replacements, positions] = arguments(arrays)?;
    let (texts, patterns) = (texts.as_string_view(), patterns.as_string_view());
    let (replacements, positions) = (replacements.as_string_view(), positions.as_primitive::<Int32Type>());
    let mut compiled = Compiled::default();
    let mut replacement: Option<((&str, &str), Replacement)> = None;
    text::rows(arrays, |row, out| {
        let regex = compiled.get(patterns.value(row))?;
        // The search sees the text from the position on only.
        let whole = texts.value(row);
        let Some(start) = utf16_offset(whole, positions.value(row)) else {
            out.push_str(whole);
            return Ok(true);
        };
        let (before, text) = whole.split_at_checked(start).unwrap_or((whole, ""));
        out.push_str(before);
        let mut matches = regex.searches(text);
        let mut copied = 0;
        while let Some(groups) = matches.next()? {
            let key = (patterns.value(row), replacements.value(row));
            if replacement.as_ref().is_none_or(|(made_of, _)| *made_of != key) {
                replacement = Some((key, Replacement::new(key.1, regex)?));
            }
            out.push_str(&between(text, copied, groups.start()));
            if let Some((_, replacement)) = &replacement {
                replacement.write(groups, text, out);
            }
            text::check_size(out.len())?;
            copied = groups.end();
        }
        out.push_str(&between(text, copied, text.len()));
        Ok(true)
    })
}

/// Where the position, which counts UTF-16 units from 1, is in the text; `None` at the end and behind it.
fn utf16_offset(text: &str, position: i32) -> Option<usize> {
    let mut left = usize::try_from(position).ok()?.checked_sub(1)?;
    for (at, character) in text.char_indices() {
        if left == 0 {
            return Some(at);
        }
        left = left.saturating_sub(character.len_utf16());
    }
    None
}

/// `split(text, pattern, limit)` as Java's `Pattern.split`, but that a limit of 0 is none.
fn split(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [texts, patterns, limits] = arguments(arrays)?;
    let (texts, patterns) = (texts.as_string_view(), patterns.as_string_view());
    let limits = limits.as_primitive::<Int32Type>();
    let mut compiled = Compiled::default();
    lists(arrays, false, |row, out| {
        let regex = compiled.get(patterns.value(row))?;
        let text = texts.value(row);
        let most = usize::try_from(limits.value(row)).ok().filter(|limit| *limit > 0).unwrap_or(usize::MAX);
        let (mut from, mut parts) = (0, 1);
        let mut matches = regex.searches(text);
        while parts < most
            && let Some(found) = matches.next()?
        {
            // An empty match at the start makes no empty part.
            if from == 0 && found.start() == 0 && found.end() == 0 {
                continue;
            }
            out.push(&between(text, from, found.start()))?;
            from = found.end();
            parts += 1;
        }
        out.push(&between(text, from, text.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_utf16_units() {
        assert_eq!(utf16_offset("😀a", 3), Some(4));
        assert_eq!(utf16_offset("abc", 1), Some(0));
        assert_eq!(utf16_offset("abc", 4), None);
        assert_eq!(utf16_offset("", 1), None);
    }
}
