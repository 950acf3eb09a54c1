//! LIKE with a literal pattern.
//!
//! Arrow's kernel agrees with Spark on `%`, `_` and the escape character `\` as long as an escape stands before one of those
//! three; another escape is an error in Spark (`StringUtils.escapeLikeRegex`). Patterns are checked, and those with another
//! escape character are rewritten, when the query is resolved.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::Like;

use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::resolver::Typed;
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
        _ => return Err(SparkError::unsupported("LIKE with a pattern that is not a literal")),
    };
    let pattern = Expr::Literal(ScalarValue::Utf8View(Some(with_backslash_escapes(text, escape)?)), None);
    let like = Like::new(false, Box::new(value.expr), Box::new(pattern), None, false);
    Ok(Typed::new(Expr::Like(like), SparkType::Boolean, nullable, name))
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

/// The pattern with `\` as its escape character.
fn with_backslash_escapes(pattern: &str, escape: char) -> Result<String> {
    let mut out = String::with_capacity(pattern.len());
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if character == escape {
            match characters.next() {
                Some(escaped) if escaped == '_' || escaped == '%' || escaped == escape => {
                    push_literal(&mut out, escaped);
                }
                Some(other) => {
                    return Err(SparkError::analysis(format!(
                        "the pattern '{pattern}' is invalid, the escape character is not allowed to precede '{other}'"
                    )));
                }
                None => {
                    return Err(SparkError::analysis(format!(
                        "the pattern '{pattern}' is invalid, it is not allowed to end with the escape character"
                    )));
                }
            }
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
    fn an_escape_before_an_ordinary_character_or_at_the_end_is_an_error() {
        assert!(with_backslash_escapes("a\\b", '\\').unwrap_err().message.contains("not allowed to precede 'b'"));
        assert!(with_backslash_escapes("a\\", '\\').unwrap_err().message.contains("not allowed to end"));
    }
}
