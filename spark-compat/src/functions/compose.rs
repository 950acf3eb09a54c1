//! Strings made of strings: `concat_ws`, `lpad`, `rpad`, `repeat`, `space`, `replace`, `overlay`, `translate`.

use std::collections::HashMap;

use arrow::array::{Array, ArrayRef, AsArray, BinaryViewBuilder};
use arrow::datatypes::{DataType, Int32Type};
use datafusion::common::Result as DataFusionResult;

use super::arguments::{Arity, Input};
use super::scalar::{self, arguments};
use super::{Call, Function, substring, text};
use crate::error::{Result, SparkError};
use crate::kernel;
use crate::resolver::{Typed, call_name};
use crate::types::SparkType;

const PAD: &[Input] = &[Input::String, Input::Int, Input::String];
const STRINGS: &[Input] = &[Input::String];
const OVERLAY: &[Input] = &[
    Input::OneOf(&[Input::String, Input::Binary]),
    Input::OneOf(&[Input::String, Input::Binary]),
    Input::Int,
    Input::Int,
];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::scalar("concat_ws", Arity::AtLeast(0), &[Input::Any], concat_ws),
    Function::scalar("lpad", Arity::Between(2, 3), PAD, |call| pad(call, "spark_lpad", |a| padded(a, true))),
    Function::scalar("rpad", Arity::Between(2, 3), PAD, |call| pad(call, "spark_rpad", |a| padded(a, false))),
    Function::scalar("repeat", Arity::Exactly(2), &[Input::String, Input::Int], |call| {
        scalar::lower(call, "repeat", "spark_repeat", SparkType::String, repeat)
    }),
    Function::scalar("space", Arity::Exactly(1), &[Input::Int], |call| {
        scalar::lower(call, "space", "spark_space", SparkType::String, space)
    }),
    Function::scalar("replace", Arity::Between(2, 3), STRINGS, |call| {
        let call = with_default(call, 3, || Typed::literal(utf8(""), SparkType::String, ""));
        scalar::lower(call, "replace", "spark_replace", SparkType::String, replace)
    }),
    Function::scalar("overlay", Arity::Between(3, 4), OVERLAY, overlay),
    Function::scalar("translate", Arity::Exactly(3), STRINGS, |call| {
        scalar::lower(call, "translate", "spark_translate", SparkType::String, translate)
    }),
];

fn utf8(text: &str) -> datafusion::common::ScalarValue {
    datafusion::common::ScalarValue::Utf8View(Some(text.to_string()))
}

/// The call with a last argument that Spark adds, and shows, where the user left it out.
fn with_default<'a>(mut call: Call<'a>, count: usize, default: impl FnOnce() -> Typed) -> Call<'a> {
    if call.args.len() < count {
        call.args.push(default());
    }
    call
}

/// Strings and arrays of strings, without NULLs, with a separator between.
fn concat_ws(call: Call<'_>) -> Result<Typed> {
    let (name, zone) = (call.name(), call.zone);
    let nullable = call.args.first().is_some_and(|separator| separator.nullable);
    if call.args.is_empty() {
        return Err(SparkError::analysis("requirement failed: concat_ws requires at least one argument."));
    }
    let strings = SparkType::Array { element: Box::new(SparkType::String), contains_null: true };
    let args = call.args.into_iter().enumerate().map(|(at, arg)| {
        let to = match &arg.data_type {
            SparkType::Array { element, .. } if at > 0 && !is_nested(element) => strings.clone(),
            other if is_nested(other) || *other == SparkType::CalendarInterval => {
                let required = if at > 0 { "(array<string> or string)" } else { "string" };
                return Err(SparkError::analysis(format!(
                    "cannot resolve '{name}' due to data type mismatch: argument {} requires {required} type, however, '{}' \
                     is of {other} type.",
                    at + 1,
                    arg.name
                )));
            }
            _ => SparkType::String,
        };
        Ok(arg.coerced(&to, zone)?.expr)
    });
    let args = args.collect::<Result<Vec<_>>>()?;
    Ok(Typed::new(
        scalar::plain("spark_concat_ws", joined, &SparkType::String, args),
        SparkType::String,
        nullable,
        name,
    ))
}

fn is_nested(t: &SparkType) -> bool {
    matches!(t, SparkType::Array { .. } | SparkType::Map { .. } | SparkType::Struct(_))
}

fn joined(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let Some((separator, parts)) = arrays.split_first() else {
        return datafusion::common::internal_err!("concat_ws without a separator");
    };
    let separators = separator.as_string_view();
    text::rows(std::slice::from_ref(separator), |row, out| {
        let separator = separators.value(row);
        let mut first = true;
        let mut push = |part: &str| {
            if !first {
                out.push_str(separator);
            }
            first = false;
            out.push_str(part);
        };
        for part in parts.iter().filter(|part| part.is_valid(row)) {
            match part.data_type() {
                DataType::List(_) => {
                    let list = part.as_list::<i32>().value(row);
                    list.as_string_view().iter().flatten().for_each(&mut push);
                }
                _ => push(part.as_string_view().value(row)),
            }
        }
        Ok(true)
    })
}

fn pad(call: Call<'_>, kernel: &'static str, run: scalar::Run) -> Result<Typed> {
    let called = call.called;
    let call = with_default(call, 3, || Typed::literal(utf8(" "), SparkType::String, " "));
    scalar::lower(call, called, kernel, SparkType::String, run)
}

/// A text of exactly so many characters: cut, or filled up on one side; an empty filling does not fill.
fn padded(arrays: &[ArrayRef], left: bool) -> DataFusionResult<ArrayRef> {
    let [text, length, fill] = arguments(arrays)?;
    let (text, fill) = (text.as_string_view(), fill.as_string_view());
    let length = length.as_primitive::<Int32Type>();
    let mut filling = Filling::default();
    text::rows(arrays, |row, out| {
        let (text, fill) = (text.value(row), fill.value(row));
        let length = usize::try_from(length.value(row)).unwrap_or(0);
        let missing = length.saturating_sub(text.chars().count());
        if missing == 0 || fill.is_empty() {
            out.push_str(text.get(..text::offset(text, length)).unwrap_or(text));
            return Ok(true);
        }
        // No more bytes than with a filling of the widest characters only.
        text::check_size(text.len().saturating_add(missing.saturating_mul(fill.len().min(4))))?;
        if !left {
            out.push_str(text);
        }
        out.push_str(filling.of(fill, missing));
        if left {
            out.push_str(text);
        }
        Ok(true)
    })
}

/// A text repeated as often as was needed so far: mostly all rows are filled up with the same.
#[derive(Default)]
struct Filling {
    unit: String,
    repeated: String,
    characters: usize,
}

impl Filling {
    /// So many characters of `unit` repeated, which is not empty.
    fn of(&mut self, unit: &str, characters: usize) -> &str {
        if self.unit != unit {
            *self = Self { unit: unit.to_owned(), ..Self::default() };
        }
        if self.characters < characters {
            let width = unit.chars().count();
            let times = (characters - self.characters).div_ceil(width);
            (0..times).for_each(|_| self.repeated.push_str(unit));
            self.characters += times * width;
        }
        // What is all ASCII needs no look at its characters.
        let end =
            if self.repeated.len() == self.characters { characters } else { text::offset(&self.repeated, characters) };
        self.repeated.get(..end).unwrap_or_default()
    }
}

fn repeat(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [text, times] = arguments(arrays)?;
    let (text, times) = (text.as_string_view(), times.as_primitive::<Int32Type>());
    text::rows(arrays, |row, out| repeated(text.value(row), times.value(row), out))
}

fn space(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [times] = arguments(arrays)?;
    let times = times.as_primitive::<Int32Type>();
    text::rows(arrays, |row, out| repeated(" ", times.value(row), out))
}

fn repeated(text: &str, times: i32, out: &mut String) -> DataFusionResult<bool> {
    let times = usize::try_from(times).unwrap_or(0);
    text::check_size(text.len().saturating_mul(times))?;
    if !text.is_empty() {
        (0..times).for_each(|_| out.push_str(text));
    }
    Ok(true)
}

/// Every occurrence of `search` by `by`; what is empty occurs nowhere.
fn replace(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [text, search, by] = arguments(arrays)?;
    let (text, search, by) = (text.as_string_view(), search.as_string_view(), by.as_string_view());
    text::rows(arrays, |row, out| {
        let (text, search, by) = (text.value(row), search.value(row), by.value(row));
        if search.is_empty() {
            out.push_str(text);
            return Ok(true);
        }
        for (at, part) in text.split(search).enumerate() {
            if at > 0 {
                text::check_size(out.len().saturating_add(by.len()))?;
                out.push_str(by);
            }
            out.push_str(part);
        }
        Ok(true)
    })
}

/// `overlay(text, by, position[, length])`; a negative length stands for that of `by`.
fn overlay(call: Call<'_>) -> Result<Typed> {
    let nullable = call.any_nullable();
    let call = with_default(call, 4, || Typed::literal((-1i32).into(), SparkType::Int, "-1"));
    let name = call_name("overlay", &call.args);
    let [text, by, position, length] = call.take()?;
    if text.data_type != by.data_type {
        return Err(SparkError::analysis(format!(
            "cannot resolve '{name}' due to data type mismatch: input to function overlay should all be the same type, but \
             it's [{}, {}]",
            text.data_type, by.data_type
        )));
    }
    let output = text.data_type;
    let run: scalar::Run = if output == SparkType::Binary { overlaid_bytes } else { overlaid };
    let kernel = if output == SparkType::Binary { "spark_overlay_binary" } else { "spark_overlay" };
    let args = vec![text.expr, by.expr, position.expr, length.expr];
    Ok(Typed::new(scalar::plain(kernel, run, &output, args), output, nullable, name))
}

fn overlaid(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [text, by, position, length] = arguments(arrays)?;
    let (text, by) = (text.as_string_view(), by.as_string_view());
    let (position, length) = (position.as_primitive::<Int32Type>(), length.as_primitive::<Int32Type>());
    text::rows(arrays, |row, out| {
        let (text, by) = (text.value(row), by.value(row));
        let (position, length) = (position.value(row), length.value(row));
        let length = if length >= 0 { length } else { i32::try_from(by.chars().count()).unwrap_or(i32::MAX) };
        out.push_str(substring::slice(text, 1, position.wrapping_sub(1)));
        out.push_str(by);
        out.push_str(substring::slice(text, position.wrapping_add(length), i32::MAX));
        Ok(true)
    })
}

fn overlaid_bytes(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [bytes, by, position, length] = arguments(arrays)?;
    let nulls = text::nulls(arrays);
    let (bytes, by) = (bytes.as_binary_view(), by.as_binary_view());
    let (position, length) = (position.as_primitive::<Int32Type>(), length.as_primitive::<Int32Type>());
    let mut out = BinaryViewBuilder::with_capacity(bytes.len());
    for row in 0..bytes.len() {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            out.append_null();
            continue;
        }
        let (bytes, by) = (bytes.value(row), by.value(row));
        let (position, length) = (position.value(row), length.value(row));
        let length = if length >= 0 { length } else { i32::try_from(by.len()).unwrap_or(i32::MAX) };
        let before = substring::slice_bytes(bytes, 1, position.wrapping_sub(1));
        let behind = substring::slice_bytes(bytes, position.wrapping_add(length), i32::MAX);
        out.append_value([before, by, behind].concat());
    }
    kernel::shared(out.finish())
}

/// Each character of `from` becomes the one at its place in `to`, or goes where `to` is shorter. The first of a kind counts.
fn translate(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [text, from, to] = arguments(arrays)?;
    let (text, from, to) = (text.as_string_view(), from.as_string_view(), to.as_string_view());
    let mut made_of = None;
    let mut dictionary = Dictionary::new("", "");
    text::rows_of_bytes(arrays, |row, out| {
        let pair = (from.value(row), to.value(row));
        if made_of != Some(pair) {
            dictionary = Dictionary::new(pair.0, pair.1);
            made_of = Some(pair);
        }
        dictionary.translate(text.value(row), out);
        Ok(true)
    })
}

/// What characters become; nothing for those that go.
struct Dictionary {
    ascii: [Option<char>; 128],
    others: HashMap<char, Option<char>>,
    /// For each ASCII character the one that it becomes, if none goes and all become ASCII characters.
    bytes: Option<[u8; 128]>,
}

impl Dictionary {
    fn new(from: &str, to: &str) -> Self {
        let mut others: HashMap<char, Option<char>> = HashMap::new();
        let mut by = to.chars();
        for character in from.chars() {
            let by = by.next();
            // A zero character deletes, too.
            others.entry(character).or_insert(by.filter(|by| *by != '\0'));
        }
        let ascii = std::array::from_fn(|at| {
            let character = char::from(at as u8);
            others.remove(&character).unwrap_or(Some(character))
        });
        let byte = |to: &Option<char>| to.and_then(|to| u8::try_from(to).ok()).filter(u8::is_ascii);
        let plain = ascii.iter().all(|to| byte(to).is_some());
        let bytes = plain.then(|| std::array::from_fn(|at| byte(&ascii[at]).unwrap_or_default()));
        Self { ascii, others, bytes }
    }

    fn translate(&self, text: &str, out: &mut Vec<u8>) {
        if let Some(bytes) = self.bytes.as_ref().filter(|_| text.is_ascii()) {
            out.extend(text.bytes().map(|byte| bytes[usize::from(byte & 0x7f)]));
            return;
        }
        for character in text.chars() {
            let to = match self.ascii.get(character as usize) {
                Some(to) => *to,
                None => self.others.get(&character).copied().unwrap_or(Some(character)),
            };
            if let Some(to) = to {
                out.extend_from_slice(to.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int32Array, StringViewArray};

    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn results_beyond_the_bound_are_refused_before_they_are_made() {
        let text: ArrayRef = Arc::new(StringViewArray::from(vec!["abc"]));
        let many: ArrayRef = Arc::new(Int32Array::from(vec![i32::MAX]));
        for result in [
            repeat(&[text.clone(), many.clone()]),
            space(std::slice::from_ref(&many)),
            padded(&[text.clone(), many, text], true),
        ] {
            assert_eq!(SparkError::from(result.unwrap_err()).kind, ErrorKind::Resources);
        }
    }
}
