//! Letters: `upper`, `lower`, `initcap`, `ascii`, `chr`, `soundex`, `levenshtein`.
//!
//! Case follows Java 11, that is Unicode 10: letters that got their other case later keep theirs.

use arrow::array::{ArrayRef, AsArray, Int32Array};
use arrow::datatypes::Int64Type;
use datafusion::common::Result as DataFusionResult;

use super::arguments::{Arity, Input};
use super::scalar::{self, Run, arguments};
use super::{Call, Function, text};
use crate::error::Result;
use crate::kernel;
use crate::resolver::Typed;
use crate::types::SparkType;

const STRING: &[Input] = &[Input::String];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::scalar("upper", Arity::Exactly(1), STRING, |call| string(call, "spark_upper", upper))
        .with_aliases(&["ucase"]),
    Function::scalar("lower", Arity::Exactly(1), STRING, |call| string(call, "spark_lower", lower))
        .with_aliases(&["lcase"]),
    Function::scalar("initcap", Arity::Exactly(1), STRING, |call| string(call, "spark_initcap", initcap)),
    Function::scalar("ascii", Arity::Exactly(1), STRING, |call| int(call, "spark_ascii", ascii)),
    Function::scalar("chr", Arity::Exactly(1), &[Input::Long], |call| string(call, "spark_chr", chr))
        .with_aliases(&["char"]),
    Function::scalar("soundex", Arity::Exactly(1), STRING, |call| string(call, "spark_soundex", soundex)),
    Function::scalar("levenshtein", Arity::Exactly(2), STRING, |call| int(call, "spark_levenshtein", levenshtein)),
];

fn string(call: Call<'_>, kernel: &'static str, run: Run) -> Result<Typed> {
    let called = call.called;
    scalar::lower(call, called, kernel, SparkType::String, run)
}

fn int(call: Call<'_>, kernel: &'static str, run: Run) -> Result<Typed> {
    let called = call.called;
    scalar::lower(call, called, kernel, SparkType::Int, run)
}

fn upper(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    each(arrays, |text, out| match text.is_ascii() {
        true => push_changed(text, out, str::make_ascii_uppercase),
        false => text.chars().for_each(|c| push_upper(out, c)),
    })
}

/// Appends a text and changes what was appended.
fn push_changed(text: &str, out: &mut String, change: fn(&mut str)) {
    let start = out.len();
    out.push_str(text);
    if let Some(added) = out.get_mut(start..) {
        change(added);
    }
}

fn push_upper(out: &mut String, character: char) {
    // Georgian and a few Latin letters got capitals after Unicode 10.
    match character {
        'ა'..='ჿ' | 'ʂ' | 'ᶎ' | 'ꞔ' | 'ɤ' | 'ƛ' => out.push(character),
        other => out.extend(other.to_uppercase()),
    }
}

fn lower(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    each(arrays, push_lower)
}

fn push_lower(text: &str, out: &mut String) {
    if text.is_ascii() {
        push_changed(text, out, str::make_ascii_lowercase);
    } else if text.contains(is_new_capital) {
        // The sigma at the end of a word is the only case that looks at the neighbours, and these are no part of words.
        for part in text.split_inclusive(is_new_capital) {
            let end =
                part.char_indices().next_back().filter(|(_, c)| is_new_capital(*c)).map_or(part.len(), |(at, _)| at);
            let (before, capital) = part.split_at(end);
            out.push_str(&before.to_lowercase());
            out.push_str(capital);
        }
    } else {
        out.push_str(&text.to_lowercase());
    }
}

/// Capitals of Georgian, which Unicode 10 does not know.
fn is_new_capital(character: char) -> bool {
    ('\u{1C90}'..='\u{1CBF}').contains(&character)
}

/// Lower case, but for title case at the start and behind a space (`UTF8String.toTitleCase`).
fn initcap(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let mut small = String::new();
    each(arrays, |text, out| {
        small.clear();
        push_lower(text, &mut small);
        let mut previous = ' ';
        for character in small.chars() {
            out.push(if previous == ' ' { title_case(character) } else { character });
            previous = character;
        }
    })
}

/// `Character.toTitleCase`: one character for one; those that would become several stay.
fn title_case(character: char) -> char {
    match character {
        'Ǆ' | 'ǅ' | 'ǆ' => 'ǅ',
        'Ǉ' | 'ǈ' | 'ǉ' => 'ǈ',
        'Ǌ' | 'ǋ' | 'ǌ' => 'ǋ',
        'Ǳ' | 'ǲ' | 'ǳ' => 'ǲ',
        'ა'..='ჿ' => character,
        'ᾀ'..='ᾇ' | 'ᾐ'..='ᾗ' | 'ᾠ'..='ᾧ' => char::from_u32(character as u32 + 8).unwrap_or(character),
        'ᾳ' | 'ῃ' | 'ῳ' => char::from_u32(character as u32 + 9).unwrap_or(character),
        other => {
            let mut upper = other.to_uppercase();
            match (upper.next(), upper.next()) {
                (Some(single), None) => single,
                _ => other,
            }
        }
    }
}

/// The first byte, as a signed one.
fn ascii(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [array] = arguments(arrays)?;
    let first = |text: &str| text.as_bytes().first().map_or(0, |byte| i32::from(byte.cast_signed()));
    kernel::shared(array.as_string_view().iter().map(|text| text.map(first)).collect::<Int32Array>())
}

/// The character of the low byte; nothing for negative numbers.
fn chr(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [array] = arguments(arrays)?;
    let codes = array.as_primitive::<Int64Type>();
    text::rows(arrays, |row, out| {
        let code = codes.value(row);
        if code >= 0 {
            out.push(char::from((code & 0xff) as u8));
        }
        Ok(true)
    })
}

/// Rule: `UTF8String.soundex`.
fn soundex(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    each(arrays, |text, out| match text.as_bytes().first() {
        Some(first) if first.is_ascii_alphabetic() => {
            let end = out.len() + 4;
            out.push(char::from(first.to_ascii_uppercase()));
            let mut last = sound(*first);
            for byte in text.bytes().skip(1) {
                if out.len() == end {
                    break;
                }
                match sound(byte) {
                    b'7' => {}
                    code => {
                        if code != b'0' && code != last {
                            out.push(char::from(code));
                        }
                        last = code;
                    }
                }
            }
            out.extend(std::iter::repeat_n('0', end - out.len()));
        }
        _ => out.push_str(text),
    })
}

/// The digit of a letter: 7 is passed over, 0 (vowels and what is no letter) parts letters of one digit.
fn sound(byte: u8) -> u8 {
    const DIGITS: &[u8; 26] = b"01230127022455012623017202";
    let letter = byte.to_ascii_uppercase().wrapping_sub(b'A');
    DIGITS.get(usize::from(letter)).copied().unwrap_or(b'0')
}

fn levenshtein(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [left, right] = arguments(arrays)?;
    let pairs = left.as_string_view().iter().zip(right.as_string_view());
    let mut row = Vec::new();
    let distances = pairs.map(|(left, right)| Some(distance(left?, right?, &mut row)));
    kernel::shared(distances.collect::<Int32Array>())
}

fn distance(left: &str, right: &str, row: &mut Vec<i32>) -> i32 {
    let right: Vec<char> = right.chars().collect();
    row.clear();
    row.extend((0i32..).take(right.len() + 1));
    for (above, from) in (1i32..).zip(left.chars()) {
        let mut diagonal = above - 1;
        let mut beside = above;
        for (slot, to) in row.iter_mut().skip(1).zip(&right) {
            let changed = diagonal + i32::from(from != *to);
            diagonal = *slot;
            beside = changed.min(diagonal + 1).min(beside + 1);
            *slot = beside;
        }
        if let Some(first) = row.first_mut() {
            *first = above;
        }
    }
    row.last().copied().unwrap_or(0)
}

fn each(arrays: &[ArrayRef], mut write: impl FnMut(&str, &mut String)) -> DataFusionResult<ArrayRef> {
    let [array] = arguments(arrays)?;
    let texts = array.as_string_view();
    text::rows(arrays, |row, out| {
        write(texts.value(row), out);
        Ok(true)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sigma_at_the_end_of_a_word_is_a_final_one_beside_unknown_capitals_too() {
        let mut out = String::new();
        push_lower("ΑΣ\u{1C90}ΑΣ", &mut out);
        assert_eq!(out, "ας\u{1C90}ας");
    }

    #[test]
    fn distances_count_characters() {
        let mut row = Vec::new();
        assert_eq!(distance("kitten", "sitting", &mut row), 3);
        assert_eq!(distance("", "abc", &mut row), 3);
        assert_eq!(distance("éa", "", &mut row), 2);
    }
}
