//! LIKE.
//!
//! With a literal pattern Arrow's kernel agrees with Spark on `%`, `_` and the escape character `\` as long as an escape stands before one of those
//! three; another escape is an error in Spark (`StringUtils.escapeLikeRegex`). Patterns are checked, and those with another
//! escape character are rewritten, when the query is resolved. Patterns that come with the rows have a kernel.

use arrow::array::{ArrayRef, AsArray, BooleanArray};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::expr::Like;
use datafusion::logical_expr::{Expr, lit};

use super::scalar::{self, Kernel};
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::kernel;
use crate::resolver::{Typed, evaluate_constant};
use crate::types::SparkType;

/// `value LIKE pattern ESCAPE escape`.
pub(crate) fn lower(value: Typed, pattern: Typed, escape: char, zone: Zone) -> Result<Typed> {
    let name = format!("{} LIKE {}", value.name, pattern.name);
    let nullable = value.nullable || pattern.nullable;
    let value = string(value, &name, zone)?;
    let pattern = string(pattern, &name, zone)?;
    let text = match pattern.as_literal().map(ScalarValue::try_as_str) {
        Some(Some(Some(text))) => text,
        Some(Some(None)) => {
            let null = Expr::Literal(ScalarValue::Boolean(None), None);
            return Ok(Typed::new(null, SparkType::Boolean, true, name));
        }
        _ => {
            let kernel = LikePattern { escape };
            let expr = scalar::expr("spark_like", kernel, &SparkType::Boolean, vec![value.expr, pattern.expr]);
            return Ok(Typed::new(expr, SparkType::Boolean, nullable, name));
        }
    };
    let like = native(value.expr.clone(), text, escape)?;
    let expr = if text.chars().any(is_pair) {
        with_pairs(like, value, pattern.expr.clone(), text, escape, zone)?
    } else {
        like
    };
    Ok(Typed::new(expr, SparkType::Boolean, nullable, name))
}

/// Arrow's LIKE.
fn native(value: Expr, pattern: &str, escape: char) -> Result<Expr> {
    let pattern = Expr::Literal(ScalarValue::Utf8View(Some(with_backslash_escapes(pattern, escape)?)), None);
    Ok(Expr::Like(Like::new(false, Box::new(value), Box::new(pattern), None, false)))
}

/// Whether Java has two chars for the character.
fn is_pair(character: char) -> bool {
    character.len_utf16() == 2
}

/// A literal pattern in which characters beyond the BMP stand for themselves. Spark quotes each half of them by itself, and so its
/// regular expression never matches; but where the text is a column, its optimizer puts comparisons in place of the pattern
/// (`LikeSimplification`), which do.
fn with_pairs(like: Expr, value: Typed, pattern: Expr, text: &str, escape: char, zone: Zone) -> Result<Expr> {
    let is_simplified = evaluate_constant(&value.expr).is_err() && !text.contains(['_', escape]);
    match &text.split('%').collect::<Vec<_>>()[..] {
        [_] | ["", _] | [_, ""] | ["", _, ""] if is_simplified => Ok(like),
        // The text is measured in characters, the pattern in halves.
        [prefix, suffix] if is_simplified => {
            let least = prefix.encode_utf16().count() + suffix.encode_utf16().count();
            let length = super::call("length", vec![value], zone)?.expr;
            Ok(length.gt_eq(lit(i32::try_from(least).unwrap_or(i32::MAX))).and(like))
        }
        _ => Ok(scalar::expr("spark_like", LikePattern { escape }, &SparkType::Boolean, vec![value.expr, pattern])),
    }
}

fn string(typed: Typed, whole: &str, zone: Zone) -> Result<Typed> {
    match typed.data_type {
        SparkType::Array { .. } | SparkType::Map { .. } | SparkType::Struct(_) => Err(SparkError::analysis(format!(
            "cannot resolve '{whole}' due to data type mismatch: LIKE requires string type, however, '{}' is of {} type.",
            typed.name, typed.data_type
        ))),
        _ => typed.coerced(&SparkType::String, zone),
    }
}

/// LIKE with a pattern in each row.
#[derive(Debug, PartialEq, Eq, Hash)]
struct LikePattern {
    escape: char,
}

impl Kernel for LikePattern {
    fn run(&self, arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
        let [texts, patterns] = scalar::arguments(arrays)?;
        let (mut read, mut wildcards) = (None, Vec::new());
        let matches = texts.as_string_view().iter().zip(patterns.as_string_view()).map(|pair| {
            let (Some(text), Some(pattern)) = pair else { return Ok(None) };
            if read != Some(pattern) {
                wildcards = read_pattern(pattern, self.escape)?;
                read = Some(pattern);
            }
            Ok(Some(matches(text, &wildcards)))
        });
        kernel::shared(matches.collect::<Result<BooleanArray>>()?)
    }
}

/// A part of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wildcard {
    /// This character.
    Literal(char),
    /// `_`: any character.
    One,
    /// `%`: any number of characters.
    Many,
}

fn read_pattern(pattern: &str, escape: char) -> Result<Vec<Wildcard>> {
    let mut out = Vec::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        out.push(match character {
            _ if character == escape => Wildcard::Literal(escaped(pattern, escape, characters.next())?),
            '_' => Wildcard::One,
            '%' => Wildcard::Many,
            other => Wildcard::Literal(other),
        });
    }
    Ok(out)
}

/// Whether the whole text is what the pattern says. Only the last `%` ever needs to take more than it did.
fn matches(text: &str, pattern: &[Wildcard]) -> bool {
    let (mut rest, mut at) = (text.chars(), 0);
    let mut retry: Option<(std::str::Chars<'_>, usize)> = None;
    loop {
        let before = rest.clone();
        let found = match (pattern.get(at), rest.next()) {
            (Some(Wildcard::Many), _) => {
                rest = before.clone();
                retry = Some((before, at + 1));
                true
            }
            (Some(Wildcard::One), Some(_)) => true,
            // A pair in a pattern never matches, see `with_pairs`.
            (Some(Wildcard::Literal(wanted)), Some(found)) => *wanted == found && !is_pair(found),
            (None, None) => return true,
            _ => false,
        };
        if found {
            at += 1;
            continue;
        }
        let Some((from, behind)) = &mut retry else { return false };
        if from.next().is_none() {
            return false;
        }
        (rest, at) = (from.clone(), *behind);
    }
}

/// The character behind the escape character, which must be one that needs it.
fn escaped(pattern: &str, escape: char, next: Option<char>) -> Result<char> {
    match next {
        Some(escaped) if escaped == '_' || escaped == '%' || escaped == escape => Ok(escaped),
        Some(other) => Err(SparkError::analysis(format!(
            "the pattern '{pattern}' is invalid, the escape character is not allowed to precede '{other}'"
        ))),
        None => Err(SparkError::analysis(format!(
            "the pattern '{pattern}' is invalid, it is not allowed to end with the escape character"
        ))),
    }
}

/// The pattern with `\` as its escape character.
fn with_backslash_escapes(pattern: &str, escape: char) -> Result<String> {
    let mut out = String::with_capacity(pattern.len());
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if character == escape {
            push_literal(&mut out, escaped(pattern, escape, characters.next())?);
        } else if character == '\\' {
            push_literal(&mut out, character);
        } else {
            out.push(character);
        }
    }
    Ok(out)
}

fn push_literal(out: &mut String, character: char) {
    if matches!(character, '_' | '%' | '\\') {
        out.push('\\');
    }
    out.push(character);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_escape_character_becomes_a_backslash() {
        assert_eq!(with_backslash_escapes("a#%b#_c##%", '#').unwrap(), "a\\%b\\_c#%");
        assert_eq!(with_backslash_escapes("a\\b", '#').unwrap(), "a\\\\b");
        assert_eq!(with_backslash_escapes("a\\%", '\\').unwrap(), "a\\%");
    }

    #[test]
    fn wildcards_match_whole_texts() {
        let like = |text, pattern| matches(text, &read_pattern(pattern, '\\').unwrap());
        assert!(
            like("aXbXc", "a%X%c") && like("", "%%") && like("é", "_") && like("a%", "a\\%") && like("abab", "%ab")
        );
        assert!(like("😀", "_") && !like("😀", "%😀") && !like("😀", "__"));
        assert!(!like("abc", "a_") && !like("", "_") && !like("abc", "%b") && !like("a", ""));
    }

    #[test]
    fn an_escape_before_an_ordinary_character_or_at_the_end_is_an_error() {
        assert!(with_backslash_escapes("a\\b", '\\').unwrap_err().message.contains("not allowed to precede 'b'"));
        assert!(with_backslash_escapes("a\\", '\\').unwrap_err().message.contains("not allowed to end"));
    }
}
