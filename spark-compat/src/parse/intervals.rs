//! The syntax of interval literals; [`super::literal::interval`] gives their value.
//!
//! In the AST an interval is [`Expr::Interval`]: with fields for `INTERVAL '1-2' YEAR TO MONTH`; without fields and with one text
//! for the others (`INTERVAL '3 days 2 hours'` as written, `INTERVAL 1 day -2 hours` as the text `1 day -2 hours`).

use sqlparser::ast::{DateTimeField, Expr, Ident, Interval, Value};
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Span, Token};

use super::expression::{Parsed, error_here, peek, skip, value};

/// Whether the word INTERVAL, which comes next, begins a literal (it may be a column's name, too).
pub(super) fn follows(parser: &Parser) -> bool {
    match (peek(parser, 1), peek(parser, 2)) {
        (Token::SingleQuotedRawStringLiteral(_), _) => true,
        (Token::Number(..), unit) => is_unit(unit),
        (Token::Plus | Token::Minus, Token::Number(..) | Token::SingleQuotedRawStringLiteral(_)) => {
            is_unit(peek(parser, 3))
        }
        _ => false,
    }
}

/// Parses the literal; INTERVAL is still to be read.
pub(super) fn literal(parser: &mut Parser, span: Span) -> Parsed {
    parser.advance_token();
    if let (Token::SingleQuotedRawStringLiteral(text), unit) = (peek(parser, 0).clone(), peek(parser, 1))
        && !is_unit(unit)
    {
        parser.advance_token();
        return Ok(interval(text, span, None));
    }
    let mut parts = Vec::new();
    while let Some((text, quoted)) = amount(parser) {
        let unit = parser.parse_identifier()?;
        if parts.is_empty() && quoted && is_to(peek(parser, 0)) {
            parser.advance_token();
            let last = parser.parse_identifier()?;
            return Ok(interval(text, span, Some((unit, last))));
        }
        if text.chars().any(char::is_alphabetic) {
            return Err(error_here(parser, format!("invalid interval form: '{text}' {unit}")));
        }
        parts.push(format!("{text} {}", unit.value));
    }
    Ok(interval(parts.join(" "), span, None))
}

/// Reads `[+|-] number|string` if a unit stands behind it; a minus before a string turns the string's own sign.
fn amount(parser: &mut Parser) -> Option<(String, bool)> {
    let signed = matches!(peek(parser, 0), Token::Plus | Token::Minus);
    let negative = *peek(parser, 0) == Token::Minus;
    let at = usize::from(signed);
    if !is_unit(peek(parser, at + 1)) {
        return None;
    }
    let (text, quoted) = match peek(parser, at) {
        Token::Number(text, _) => (text.clone(), false),
        Token::SingleQuotedRawStringLiteral(text) => (text.clone(), true),
        _ => return None,
    };
    skip(parser, at + 1);
    let text = match (negative, text.strip_prefix('-')) {
        (false, _) => text,
        (true, Some(positive)) => positive.to_string(),
        (true, None) => format!("-{text}"),
    };
    Some((text, quoted))
}

fn interval(text: String, span: Span, fields: Option<(Ident, Ident)>) -> Expr {
    let (leading_field, last_field) = fields
        .map_or((None, None), |(first, last)| (Some(DateTimeField::Custom(first)), Some(DateTimeField::Custom(last))));
    Expr::Interval(Interval {
        value: Box::new(value(Value::SingleQuotedString(text), span)),
        leading_field,
        leading_precision: None,
        last_field,
        fractional_seconds_precision: None,
    })
}

fn is_unit(token: &Token) -> bool {
    let Token::Word(word) = token else { return false };
    if word.keyword != Keyword::NoKeyword {
        return false;
    }
    let name = word.value.to_ascii_lowercase();
    let units = ["year", "month", "week", "day", "hour", "minute", "second", "millisecond", "microsecond"];
    units.contains(&name.strip_suffix('s').unwrap_or(&name))
}

fn is_to(token: &Token) -> bool {
    matches!(token, Token::Word(w) if w.value.eq_ignore_ascii_case("to"))
}
