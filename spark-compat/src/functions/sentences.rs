//! `sentences`: a text as sentences, and those as words, where Java's `BreakIterator` breaks them.
//!
//! Java 11 has rules of its own, older than Unicode's, and what they do around a period before a symbol depends on what
//! stands at the end of the text. The rules here were measured over the characters that [`class`] knows; texts with others,
//! or with such periods, are refused.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListBuilder, StringViewBuilder};
use arrow::datatypes::{DataType, Field};
use datafusion::common::{Result as DataFusionResult, ScalarValue};

use super::arguments::{Arity, Input};
use super::scalar::{self, arguments};
use super::{Call, Function, Support};
use crate::error::{Result, SparkError};
use crate::resolver::Typed;
use crate::types::SparkType;

pub(super) const FUNCTIONS: &[Function] =
    &[Function::scalar("sentences", Arity::Between(1, 3), &[Input::String], sentences).with_support(Support::Partial(
        "of texts in Latin, Greek and Cyrillic letters without periods before symbols, not in the language th",
    ))];

fn sentences(mut call: Call<'_>) -> Result<Typed> {
    while call.args.len() < 3 {
        call.args.push(Typed::literal(ScalarValue::Utf8View(Some(String::new())), SparkType::String, String::new()));
    }
    let nullable = call.args.first().is_some_and(|text| text.nullable);
    let list = |element| SparkType::Array { element: Box::new(element), contains_null: false };
    let typed = scalar::lower(call, "sentences", "spark_sentences", list(list(SparkType::String)), run)?;
    Ok(Typed { nullable, ..typed })
}

fn run(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [texts, languages, countries] = arguments::<3>(arrays)?;
    let words = ListBuilder::new(StringViewBuilder::new()).with_field(Field::new_list_field(DataType::Utf8View, false));
    let of_words = DataType::List(Arc::new(Field::new_list_field(DataType::Utf8View, false)));
    let mut out = ListBuilder::new(words).with_field(Field::new_list_field(of_words, false));
    let languages = languages.as_string_view();
    for (row, text) in texts.as_string_view().iter().enumerate() {
        let Some(text) = text else {
            out.append(false);
            continue;
        };
        // Without a country the language does not count.
        if languages.is_valid(row) && countries.is_valid(row) && languages.value(row).eq_ignore_ascii_case("th") {
            return Err(SparkError::unsupported("sentences() in the language th").into());
        }
        for sentence in split(text)? {
            let is_word = |word: &&str| word.starts_with(|c: char| c.is_alphabetic() || c.is_ascii_digit());
            Words(sentence).filter(is_word).for_each(|word| out.values().values().append_value(word));
            out.values().append(true);
        }
        out.append(true);
    }
    Ok(Arc::new(out.finish()))
}

/// What a character is for the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Upper,
    /// A lower-case letter, or one without case.
    Lower,
    Digit,
    Space,
    ParagraphEnd,
    /// Ends a sentence.
    Terminator,
    Period,
    /// May stand before a sentence.
    Opening,
    /// May stand behind a sentence.
    Closing,
    /// May stand before a sentence or behind it.
    Quote,
    Symbol,
}

fn class(character: char) -> Result<Class> {
    Ok(match character {
        ' ' | '\t' | '\r' | '\n' | '\u{c}' | '\u{a0}' | '\u{2028}' => Class::Space,
        '\u{2029}' => Class::ParagraphEnd,
        '!' | '?' => Class::Terminator,
        '.' => Class::Period,
        '"' | '\'' => Class::Quote,
        '(' | '[' | '{' | '«' | '‘' | '‚' | '‛' | '“' | '„' | '‟' | '‹' | '⁅' => Class::Opening,
        ')' | ']' | '}' | '»' | '’' | '”' | '›' | '⁆' => Class::Closing,
        '0'..='9' | '²' | '³' | '¹' | '¼' | '½' | '¾' => Class::Digit,
        '\u{ad}' => return Err(refused("a soft hyphen")),
        '\t'..='\r' | '\u{20}'..='\u{17f}' | '\u{386}'..='\u{3ce}' | '\u{400}'..='\u{45f}'
            if character.is_alphabetic() =>
        {
            if character.is_uppercase() {
                Class::Upper
            } else {
                Class::Lower
            }
        }
        '\t'..='\r' | '\u{20}'..='\u{7e}' | '\u{85}' | '\u{a0}'..='\u{17f}' => Class::Symbol,
        '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{20a0}'..='\u{20bf}' => Class::Symbol,
        _ => return Err(refused("characters of other scripts than Latin, Greek and Cyrillic")),
    })
}

fn refused(what: &str) -> SparkError {
    SparkError::unsupported(format!("sentences() of texts with {what}"))
}

/// The sentences of a text, with the blanks behind them.
fn split(text: &str) -> Result<Vec<&str>> {
    let characters = text.char_indices().map(|(at, c)| Ok((at, class(c)?))).collect::<Result<Vec<_>>>()?;
    let class_at = |at: usize| characters.get(at).map(|(_, class)| *class);
    let skip = |from: usize, classes: &[Class]| {
        from + characters.iter().skip(from).take_while(|(_, class)| classes.contains(class)).count()
    };
    let (mut breaks, mut at) = (Vec::new(), 0);
    while let Some(class) = class_at(at) {
        let found = match class {
            Class::ParagraphEnd => Some(at + 1),
            Class::Terminator => {
                let behind = skip(at, &[Class::Terminator, Class::Period, Class::Closing, Class::Quote]);
                let behind = skip(behind, &[Class::Space]);
                Some(behind + usize::from(class_at(behind) == Some(Class::ParagraphEnd)))
            }
            Class::Period => {
                let closed = skip(at, &[Class::Period, Class::Closing, Class::Quote]);
                let next = skip(closed, &[Class::Space]);
                let opened = skip(next, &[Class::Opening, Class::Quote]);
                let after = AfterPeriod {
                    quoted: class_at(closed - 1) == Some(Class::Quote),
                    spaces: next - closed,
                    opened: opened > next,
                    next: class_at(opened),
                };
                let ends = after.ends_sentence()?;
                if ends.is_none() {
                    at = closed - 1;
                }
                ends.map(|skipped| if skipped { next + 1 } else { next })
            }
            _ => None,
        };
        at = found.unwrap_or(at + 1);
        breaks.extend(found);
    }
    let mut starts: Vec<usize> = std::iter::once(0).chain(breaks).collect();
    starts.push(characters.len());
    let offset = |at: usize| characters.get(at).map_or(text.len(), |(offset, _)| *offset);
    let ranges = starts.windows(2).filter_map(|pair| match pair {
        [from, to] if from < to => text.get(offset(*from)..offset(*to)),
        _ => None,
    });
    Ok(ranges.collect())
}

/// What stands behind a period and whatever closes the sentence.
struct AfterPeriod {
    /// Whether a quote, which may also open a sentence, stands last before the blanks.
    quoted: bool,
    spaces: usize,
    /// Whether something opens a sentence behind the blanks.
    opened: bool,
    next: Option<Class>,
}

impl AfterPeriod {
    /// Whether a sentence ends here; the value says whether a paragraph's end that follows belongs to it.
    fn ends_sentence(&self) -> Result<Option<bool>> {
        let opened = self.opened || self.quoted && self.spaces == 0;
        Ok(match self.next {
            Some(Class::ParagraphEnd) if !self.opened => Some(true),
            Some(Class::Upper) => (opened || self.spaces > 0).then_some(false),
            Some(Class::Lower) => (opened || self.spaces > 1).then_some(false),
            Some(Class::Digit) if !self.opened && !self.quoted => None,
            None if !self.opened => None,
            _ => return Err(refused("a period before a symbol")),
        })
    }
}

/// The words of a sentence and what stands between them.
struct Words<'t>(&'t str);

impl<'t> Iterator for Words<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        let first = self.0.chars().next()?;
        let length = word(self.0).max(first.len_utf8());
        let (word, rest) = self.0.split_at(length);
        self.0 = rest;
        Some(word)
    }
}

/// How long the word at the start of the text is: letters and numbers in any order, with marks between two letters or two
/// digits, a sign of currency in front and a percent sign behind.
fn word(text: &str) -> usize {
    let starts = |at: usize, is: fn(char) -> bool| text.get(at..).is_some_and(|rest| rest.starts_with(is));
    let mut end = match text.chars().next() {
        Some(sign) if before_number(sign) && starts(sign.len_utf8(), char::is_numeric) => sign.len_utf8(),
        _ => 0,
    };
    loop {
        if starts(end, char::is_alphabetic) {
            end += joined(&text[end..], char::is_alphabetic, between_letters);
        } else if starts(end, char::is_numeric) {
            end += joined(&text[end..], char::is_numeric, between_digits);
            if let Some(sign) = text[end..].chars().next().filter(|c| matches!(c, '&' | '%' | '¢' | '‰' | '‱')) {
                return end + sign.len_utf8();
            }
        } else {
            return end;
        }
    }
}

/// How long the runs of characters are that are joined by one mark each.
fn joined(text: &str, is: fn(char) -> bool, joins: fn(char) -> bool) -> usize {
    let run = |from: usize| text[from..].find(|c| !is(c)).map_or(text.len(), |length| from + length);
    let mut end = run(0);
    while let Some(mark) = text[end..].chars().next().filter(|mark| joins(*mark)) {
        let behind = end + mark.len_utf8();
        if !text[behind..].starts_with(is) {
            break;
        }
        end = run(behind);
    }
    end
}

fn between_letters(character: char) -> bool {
    matches!(character, '-' | '_' | '\'' | '"' | '.' | '‧' | '‐'..='―' | '‿' | '⁀' | '⁔')
}

fn between_digits(character: char) -> bool {
    matches!(character, '"' | '\'' | ',' | '.')
}

fn before_number(character: char) -> bool {
    matches!(character, '#' | '.' | '$' | '£' | '¤' | '¥' | '₠'..='₿')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Vec<&str>> {
        let is_word = |word: &&str| word.starts_with(char::is_alphanumeric);
        split(text).unwrap().into_iter().map(|sentence| Words(sentence).filter(is_word).collect()).collect()
    }

    #[test]
    fn a_period_ends_a_sentence_before_a_capital_and_not_before_a_small_letter_or_a_digit() {
        assert_eq!(words("Mr. Smith. e.g. no. 5"), [vec!["Mr"], vec!["Smith", "e.g", "no", "5"]]);
        assert_eq!(words("Hi there! Good morning."), [vec!["Hi", "there"], vec!["Good", "morning"]]);
        assert_eq!(words("a.  b"), [["a"], ["b"]]);
    }

    #[test]
    fn marks_inside_words_and_numbers_belong_to_them() {
        assert_eq!(words("don't 3.14, 1,000 $5 20% x_y 1a"), [["don't", "3.14", "1,000", "20%", "x_y", "1a"]]);
    }

    #[test]
    fn what_was_not_measured_is_refused() {
        assert!(["a.=b", "你好。", "a\u{301}", "a.(1"].iter().all(|text| split(text).is_err()));
    }
}
