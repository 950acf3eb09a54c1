//! JSON as Jackson's generator writes it.

use std::fmt::Write;

use super::token::{Malformed, Parser, Result, Token};
use crate::cast::double_to_string;

/// A text in the making, with commas where they belong.
#[derive(Debug, Default)]
pub(crate) struct Generator {
    pub out: String,
    /// For each open object or array, whether it has members.
    scopes: Vec<bool>,
    behind_name: bool,
}

impl Generator {
    /// Whatever separates the next value from the one before it.
    fn separate(&mut self) {
        if std::mem::take(&mut self.behind_name) {
            return;
        }
        if let Some(has_members) = self.scopes.last_mut()
            && std::mem::replace(has_members, true)
        {
            self.out.push(',');
        }
    }

    pub fn open(&mut self, bracket: char) {
        self.separate();
        self.out.push(bracket);
        self.scopes.push(false);
    }

    pub fn close(&mut self, bracket: char) {
        self.scopes.pop();
        self.out.push(bracket);
    }

    pub fn name(&mut self, name: &str) {
        self.separate();
        write_string(&mut self.out, name);
        self.out.push(':');
        self.behind_name = true;
    }

    pub fn string(&mut self, text: &str) {
        self.separate();
        write_string(&mut self.out, text);
    }

    /// Text beside all values, such as a string without its quotes.
    pub fn bare(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// A value that is written as it is.
    pub fn raw(&mut self, text: &str) {
        self.separate();
        self.out.push_str(text);
    }

    /// A double; what is not a number is a string.
    pub fn double(&mut self, text: &str) {
        if text.ends_with(|c: char| c.is_ascii_digit()) { self.raw(text) } else { self.string(text) }
    }

    /// Copies what the parser stands at, up to its end.
    pub fn copy(&mut self, parser: &mut Parser<'_>) -> Result<()> {
        let opens = matches!(parser.token(), Token::StartObject | Token::StartArray);
        let outside = parser.depth() - usize::from(opens);
        loop {
            match parser.token() {
                Token::None => return Err(Malformed("No current event to copy".into())),
                Token::StartObject => self.open('{'),
                Token::EndObject => self.close('}'),
                Token::StartArray => self.open('['),
                Token::EndArray => self.close(']'),
                Token::Name => self.name(parser.text()),
                Token::String => self.string(parser.text()),
                // As a number of Java's there is no negative zero.
                Token::Integer if parser.text() == "-0" => self.raw("0"),
                Token::Integer => self.raw(parser.text()),
                Token::Float => self.double(&double_to_string(double(parser.text()))),
                Token::True => self.raw("true"),
                Token::False => self.raw("false"),
                Token::Null => self.raw("null"),
            }
            if parser.token() != Token::Name && parser.depth() == outside {
                return Ok(());
            }
            parser.next()?;
        }
    }
}

/// The value of a JSON number or of one of the names for what is none.
pub(crate) fn double(text: &str) -> f64 {
    match text {
        "INF" | "+INF" | "Infinity" | "+Infinity" => f64::INFINITY,
        "-INF" | "-Infinity" => f64::NEG_INFINITY,
        _ => text.parse().unwrap_or(f64::NAN),
    }
}

/// Appends a string with its quotes and escapes.
pub(crate) fn write_string(out: &mut String, text: &str) {
    out.push('"');
    let mut plain_from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(text.get(plain_from..at).unwrap_or_default());
        plain_from = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            8 => out.push_str("\\b"),
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            12 => out.push_str("\\f"),
            b'\r' => out.push_str("\\r"),
            // Writing to a string does not fail.
            other => _ = write!(out, "\\u{other:04X}"),
        }
    }
    out.push_str(text.get(plain_from..).unwrap_or_default());
    out.push('"');
}
