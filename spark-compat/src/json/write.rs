//! JSON as Jackson's generator writes it.

use std::fmt::Write;

use super::token::{Malformed, Parser, Result, Token};
use crate::cast::double_to_string;

/// How a text is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Style {
    /// With line ends and blanks, as Jackson's `DefaultPrettyPrinter` sets them.
    pub pretty: bool,
    /// With escapes for all characters beyond ASCII.
    pub ascii: bool,
}

/// A text in the making, with commas where they belong.
#[derive(Debug, Default)]
pub(crate) struct Generator {
    pub out: String,
    style: Style,
    /// The objects and arrays that are open.
    scopes: Vec<Scope>,
    behind_name: bool,
}

#[derive(Clone, Copy, Debug)]
struct Scope {
    is_object: bool,
    has_members: bool,
}

impl Generator {
    /// One that writes in a style.
    pub fn new(style: Style) -> Self {
        Self { style, ..Self::default() }
    }

    /// Whatever separates the next value from the one before it.
    fn separate(&mut self) {
        if std::mem::take(&mut self.behind_name) {
            return;
        }
        let Some(scope) = self.scopes.last_mut() else { return };
        if std::mem::replace(&mut scope.has_members, true) {
            self.out.push(',');
        }
        let is_object = scope.is_object;
        self.space(is_object);
    }

    /// What stands between brackets and values: line ends in objects, single blanks in arrays.
    fn space(&mut self, is_object: bool) {
        match (self.style.pretty, is_object) {
            (false, _) => {}
            (true, false) => self.out.push(' '),
            (true, true) => {
                self.out.push('\n');
                for _ in self.scopes.iter().filter(|scope| scope.is_object) {
                    self.out.push_str("  ");
                }
            }
        }
    }

    pub fn open(&mut self, bracket: char) {
        self.separate();
        self.out.push(bracket);
        self.scopes.push(Scope { is_object: bracket == '{', has_members: false });
    }

    pub fn close(&mut self, bracket: char) {
        if let Some(scope) = self.scopes.pop() {
            self.space(scope.is_object && scope.has_members);
        }
        self.out.push(bracket);
    }

    pub fn name(&mut self, name: &str) {
        self.separate();
        write_string(&mut self.out, name, self.style);
        self.out.push_str(if self.style.pretty { " : " } else { ":" });
        self.behind_name = true;
    }

    pub fn string(&mut self, text: &str) {
        self.separate();
        write_string(&mut self.out, text, self.style);
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
fn write_string(out: &mut String, text: &str, style: Style) {
    out.push('"');
    if style.ascii && !text.is_ascii() {
        for character in text.chars() {
            match character.is_ascii() {
                true => write_escaped(out, character.encode_utf8(&mut [0; 4])),
                // Writing to a string does not fail.
                false => character.encode_utf16(&mut [0; 2]).iter().for_each(|unit| _ = write!(out, "\\u{unit:04X}")),
            }
        }
    } else {
        write_escaped(out, text);
    }
    out.push('"');
}

/// Appends the characters of a string.
fn write_escaped(out: &mut String, text: &str) {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pretty_objects_have_lines_and_pretty_arrays_have_blanks() {
        let mut out = Generator::new(Style { pretty: true, ascii: false });
        out.open('{');
        out.name("a");
        out.open('[');
        out.raw("1");
        out.raw("2");
        out.close(']');
        out.name("b");
        out.open('{');
        out.close('}');
        out.name("c");
        out.open('[');
        out.close(']');
        out.close('}');
        assert_eq!(out.out, "{\n  \"a\" : [ 1, 2 ],\n  \"b\" : { },\n  \"c\" : [ ]\n}");
    }

    #[test]
    fn characters_beyond_ascii_are_escaped_where_it_is_asked_for() {
        let mut out = Generator::new(Style { pretty: false, ascii: true });
        out.string("é<\n😀");
        assert_eq!(out.out, r#""\u00E9<\n\uD83D\uDE00""#);
    }
}
