//! Spark 3.2's lexical rules (SqlBase.g4), giving tokens that sqlparser cannot misread.
//!
//! Three things differ from sqlparser's own tokenizer on purpose:
//! - a number keeps its suffix inside the token's text (`1.0BD`, `2S`), so that it is never taken for an alias;
//! - a string is unescaped by Spark's rules and becomes a raw-string token, which sqlparser takes for a value and never
//!   for an identifier or an alias;
//! - a word is a keyword only if Spark 3.2 has that keyword; sqlparser's many others are plain identifiers.

use std::ops::Range;

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Word};

use super::keywords;
use super::strings::unescape;
use crate::error::{Position, Result, SparkError};

/// A token and where it stands in the text.
#[derive(Clone, Debug)]
pub struct Lexeme {
    /// The token with its line and column.
    pub token: TokenWithSpan,
    /// The bytes of the text that it covers.
    pub range: Range<usize>,
}

/// One statement of a script: its tokens, closed by an end-of-input token.
#[derive(Clone, Debug)]
pub struct LexedStatement {
    /// The tokens; the last one is [`Token::EOF`].
    pub lexemes: Vec<Lexeme>,
    /// For `SET` and `RESET`, whose arguments are free text: the text after that word.
    pub remainder: Option<String>,
}

/// What becomes of backslashes in string literals (`spark.sql.parser.escapedStringLiterals`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Escapes {
    /// They start escapes, which are resolved.
    #[default]
    Resolved,
    /// They stay, with whatever follows them.
    Kept,
}

/// Splits a script at `;` and its statements into tokens. Empty statements are left out.
pub fn tokenize(sql: &str) -> Result<Vec<LexedStatement>> {
    tokenize_with(sql, Escapes::default())
}

/// As [`tokenize`], where `escapes` says what backslashes in string literals are.
pub fn tokenize_with(sql: &str, escapes: Escapes) -> Result<Vec<LexedStatement>> {
    let mut lexer = Lexer { sql, escapes, offset: 0, line: 1, column: 1 };
    let mut statements = Vec::new();
    loop {
        let (statement, more) = lexer.statement()?;
        if statement.lexemes.len() > 1 {
            statements.push(statement);
        }
        if !more {
            return Ok(statements);
        }
    }
}

/// Splits a script at `;` outside of quotes and comments, without reading its tokens.
pub fn split_script(sql: &str) -> Vec<&str> {
    let mut lexer = Lexer { sql, escapes: Escapes::default(), offset: 0, line: 1, column: 1 };
    let (mut parts, mut from) = (Vec::new(), 0);
    while let Some(next) = lexer.peek() {
        match next {
            ';' => {
                parts.push(sql.get(from..lexer.offset).unwrap_or_default());
                lexer.advance();
                from = lexer.offset;
            }
            quote @ ('\'' | '"' | '`') => lexer.skip_quoted(quote),
            '-' if lexer.starts_with("--") => lexer.skip_line_comment(),
            '/' if lexer.starts_with("/*") => {
                if lexer.skip_bracketed_comment().is_err() {
                    break;
                }
            }
            _ => lexer.advance(),
        }
    }
    parts.push(sql.get(from..).unwrap_or_default());
    parts
}

struct Lexer<'a> {
    sql: &'a str,
    escapes: Escapes,
    offset: usize,
    line: u64,
    column: u64,
}

impl Lexer<'_> {
    /// The next statement, and whether a `;` followed it.
    fn statement(&mut self) -> Result<(LexedStatement, bool)> {
        let mut lexemes: Vec<Lexeme> = Vec::new();
        let mut remainder = None;
        let mut hint_allowed = false;
        loop {
            self.skip_blanks_and_comments()?;
            let (start, from) = (self.location(), self.offset);
            if self.starts_with("/*+") {
                if !hint_allowed {
                    return Err(self.error("hints may stand only after SELECT", start));
                }
                self.skip_hint(start)?;
                continue;
            }
            let Some(next) = self.peek() else {
                lexemes.push(self.lexeme(Token::EOF, start, from));
                return Ok((LexedStatement { lexemes, remainder }, false));
            };
            if next == ';' {
                lexemes.push(self.lexeme(Token::EOF, start, from));
                self.advance();
                return Ok((LexedStatement { lexemes, remainder }, true));
            }
            let token = self.token(next, start)?;
            hint_allowed = matches!(&token, Token::Word(w) if w.keyword == Keyword::SELECT);
            let takes_free_text = lexemes.is_empty()
                && matches!(&token, Token::Word(w) if w.quote_style.is_none()
                    && (w.value.eq_ignore_ascii_case("set") || w.value.eq_ignore_ascii_case("reset")));
            lexemes.push(self.lexeme(token, start, from));
            if takes_free_text {
                remainder = Some(self.free_text());
            }
        }
    }

    fn lexeme(&self, token: Token, start: Location, from: usize) -> Lexeme {
        let span = Span::new(start, self.location());
        Lexeme { token: TokenWithSpan { token, span }, range: from..self.offset }
    }

    fn token(&mut self, next: char, start: Location) -> Result<Token> {
        if next == '\'' || next == '"' {
            return self.string(next, start);
        }
        if next == '`' {
            return self.quoted_identifier(start);
        }
        if let Some(length) = number_length(self.rest()) {
            let text = self.take(length);
            return Ok(Token::Number(text, false));
        }
        if is_word_char(next) {
            let length = self.rest().find(|c| !is_word_char(c)).unwrap_or(self.rest().len());
            let text = self.take(length);
            let keyword = keywords::lookup(&text);
            return Ok(Token::Word(Word { value: text, quote_style: None, keyword }));
        }
        for (text, token) in operators() {
            if self.starts_with(text) {
                self.take(text.len());
                return Ok(token);
            }
        }
        Err(self.error(format!("syntax error at or near '{next}'"), start))
    }

    fn string(&mut self, quote: char, start: Location) -> Result<Token> {
        let body = self.rest().get(1..).unwrap_or_default();
        let mut escaped = false;
        let end = body.char_indices().find_map(|(at, c)| {
            if escaped {
                escaped = false;
            } else if c == '\\' {
                escaped = true;
            } else if c == quote {
                return Some(at);
            }
            None
        });
        let Some(end) = end else {
            return Err(self.error("this string literal is not closed", start));
        };
        let body = body.get(..end).unwrap_or_default();
        let text = match self.escapes {
            Escapes::Resolved => unescape(body),
            Escapes::Kept => body.to_string(),
        };
        self.take(end + 2);
        Ok(Token::SingleQuotedRawStringLiteral(text))
    }

    fn quoted_identifier(&mut self, start: Location) -> Result<Token> {
        let body = self.rest().get(1..).unwrap_or_default();
        let mut name = String::new();
        let mut chars = body.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            if c != '`' {
                name.push(c);
            } else if chars.next_if(|(_, c)| *c == '`').is_some() {
                name.push('`');
            } else {
                self.take(at + 2);
                return Ok(Token::Word(Word { value: name, quote_style: Some('`'), keyword: Keyword::NoKeyword }));
            }
        }
        Err(self.error("this quoted identifier is not closed", start))
    }

    /// Moves behind the quote that closes the one here, or to the end.
    fn skip_quoted(&mut self, quote: char) {
        self.advance();
        while let Some(next) = self.peek() {
            self.advance();
            if next == quote {
                return;
            }
            if next == '\\' && quote != '`' {
                self.advance();
            }
        }
    }

    fn skip_blanks_and_comments(&mut self) -> Result<()> {
        loop {
            match self.peek() {
                Some(' ' | '\t' | '\r' | '\n') => self.advance(),
                Some('-') if self.starts_with("--") => self.skip_line_comment(),
                Some('/') if self.starts_with("/*") && !self.starts_with("/*+") => self.skip_bracketed_comment()?,
                _ => return Ok(()),
            }
        }
    }

    /// `--` to the end of the line; a backslash before the line break continues the comment.
    fn skip_line_comment(&mut self) {
        while let Some(c) = self.peek() {
            if self.starts_with("\\\n") {
                self.take(2);
            } else if c == '\n' || c == '\r' {
                return;
            } else {
                self.advance();
            }
        }
    }

    /// `/* .. */`, which may hold further bracketed comments.
    fn skip_bracketed_comment(&mut self) -> Result<()> {
        let start = self.location();
        let mut depth = 0usize;
        loop {
            if self.starts_with("/*") {
                depth += 1;
                self.take(2);
            } else if self.starts_with("*/") {
                depth -= 1;
                self.take(2);
                if depth == 0 {
                    return Ok(());
                }
            } else if self.peek().is_some() {
                self.advance();
            } else {
                return Err(self.error("unclosed bracketed comment", start));
            }
        }
    }

    /// Hints steer Spark's planner and never change an answer, so they are read over.
    fn skip_hint(&mut self, start: Location) -> Result<()> {
        match self.rest().find("*/") {
            Some(end) => {
                self.take(end + 2);
                Ok(())
            }
            None => Err(self.error("this hint is not closed", start)),
        }
    }

    /// Everything up to the next `;` outside quotes, which stays unread.
    fn free_text(&mut self) -> String {
        let mut quote = None;
        let end = self.rest().find(|c| {
            match (quote, c) {
                (None, ';') => return true,
                (None, '\'' | '"' | '`') => quote = Some(c),
                (Some(open), c) if open == c => quote = None,
                _ => {}
            }
            false
        });
        let length = end.unwrap_or(self.rest().len());
        self.take(length)
    }

    fn rest(&self) -> &str {
        self.sql.get(self.offset..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn starts_with(&self, text: &str) -> bool {
        self.rest().starts_with(text)
    }

    fn advance(&mut self) {
        if let Some(c) = self.peek() {
            self.offset += c.len_utf8();
            if c == '\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
    }

    /// Reads on over `length` bytes, which end at a character boundary, and returns them.
    fn take(&mut self, length: usize) -> String {
        let from = self.offset;
        let to = from + length;
        while self.offset < to {
            self.advance();
        }
        self.sql.get(from..self.offset).unwrap_or_default().to_string()
    }

    fn location(&self) -> Location {
        Location { line: self.line, column: self.column }
    }

    fn error(&self, message: impl std::fmt::Display, at: Location) -> SparkError {
        let position = Position { line: at.line, column: at.column.saturating_sub(1) };
        SparkError::parse(message, self.sql, position)
    }
}

/// The operators of Spark 3.2, longest first where one begins another.
fn operators() -> [(&'static str, Token); 31] {
    let not = Token::Word(Word { value: "NOT".into(), quote_style: None, keyword: Keyword::NOT });
    [
        ("<=>", Token::Spaceship),
        ("<>", Token::Neq),
        ("!=", Token::Neq),
        ("<=", Token::LtEq),
        ("!>", Token::LtEq),
        (">=", Token::GtEq),
        ("!<", Token::GtEq),
        ("==", Token::DoubleEq),
        ("||", Token::StringConcat),
        ("->", Token::Arrow),
        ("=", Token::Eq),
        ("<", Token::Lt),
        (">", Token::Gt),
        ("!", not),
        ("+", Token::Plus),
        ("-", Token::Minus),
        ("*", Token::Mul),
        ("/", Token::Div),
        ("%", Token::Mod),
        ("~", Token::Tilde),
        ("&", Token::Ampersand),
        ("|", Token::Pipe),
        ("^", Token::Caret),
        ("(", Token::LParen),
        (")", Token::RParen),
        ("[", Token::LBracket),
        ("]", Token::RBracket),
        (",", Token::Comma),
        (".", Token::Period),
        (":", Token::Colon),
        (";", Token::SemiColon),
    ]
}

fn is_word_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Length of the numeric literal at the start of `text`, if the longest match there is one and not an identifier
/// (identifiers may start with digits: `1st` is a name, `1s` a smallint).
fn number_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let run =
        |from: usize, test: fn(&u8) -> bool| bytes.get(from..).map_or(0, |b| b.iter().take_while(|b| test(b)).count());
    let digits = run(0, u8::is_ascii_digit);
    let word = run(0, |b| b.is_ascii_alphanumeric() || *b == b'_');
    let dotted = bytes.get(digits) == Some(&b'.') && {
        let fraction = run(digits + 1, u8::is_ascii_digit);
        digits > 0 || fraction > 0
    };
    if dotted {
        let mantissa = digits + 1 + run(digits + 1, u8::is_ascii_digit);
        // The rule isValidDecimal: a number with a dot must not run into a word.
        let ends_well = |end: usize| run(end, |b| b.is_ascii_alphanumeric() || *b == b'_') == 0;
        if let Some(end) = number_ends(bytes, mantissa, false).into_iter().rev().find(|end| ends_well(*end)) {
            return Some(end);
        }
    }
    if digits == 0 {
        return None;
    }
    number_ends(bytes, digits, true).into_iter().next_back().filter(|end| *end >= word)
}

/// Where a number whose digits end at `mantissa` may end, in rising order: bare, with exponent, with a type suffix.
fn number_ends(bytes: &[u8], mantissa: usize, integral: bool) -> Vec<usize> {
    let mut ends = vec![mantissa];
    ends.extend(suffix_end(bytes, mantissa, integral));
    if matches!(bytes.get(mantissa), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(mantissa + 1), Some(b'+' | b'-')));
        let from = mantissa + 1 + sign;
        let digits = bytes.get(from..).map_or(0, |b| b.iter().take_while(|b| b.is_ascii_digit()).count());
        if digits > 0 {
            ends.push(from + digits);
            ends.extend(suffix_end(bytes, from + digits, false));
        }
    }
    ends.sort_unstable();
    ends
}

fn suffix_end(bytes: &[u8], at: usize, integral: bool) -> Option<usize> {
    match (bytes.get(at)?.to_ascii_uppercase(), bytes.get(at + 1).map(u8::to_ascii_uppercase)) {
        (b'B', Some(b'D')) => Some(at + 2),
        (b'F' | b'D', _) => Some(at + 1),
        (b'L' | b'S' | b'Y', _) if integral => Some(at + 1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(sql: &str) -> Vec<Token> {
        let mut statements = tokenize(sql).unwrap();
        assert_eq!(statements.len(), 1, "{sql}");
        let mut tokens: Vec<_> = statements.remove(0).lexemes.into_iter().map(|l| l.token.token).collect();
        assert_eq!(tokens.pop(), Some(Token::EOF));
        tokens
    }

    fn shown(sql: &str) -> String {
        let shown: Vec<String> = tokens(sql)
            .iter()
            .map(|t| match t {
                Token::Number(n, _) => format!("#{n}"),
                Token::SingleQuotedRawStringLiteral(s) => format!("'{s}'"),
                Token::Word(w) if w.keyword == Keyword::NoKeyword => format!("{}:id", w.value),
                other => other.to_string(),
            })
            .collect();
        shown.join(" ")
    }

    #[test]
    fn numbers_keep_their_suffix_and_exponent() {
        assert_eq!(
            shown("1 1L 2s 3Y 1.0BD 1.5d .5 5. 1e3 1.5E-3 1e3D 1F 2bd 34.E2+0.12"),
            "#1 #1L #2s #3Y #1.0BD #1.5d #.5 #5. #1e3 #1.5E-3 #1e3D #1F #2bd #34.E2 + #0.12"
        );
    }

    #[test]
    fn a_word_may_start_with_digits() {
        assert_eq!(shown("1st 2e 12_ 1Lx"), "1st:id 2e:id 12_:id 1Lx:id");
        assert_eq!(shown("t.5b"), "t:id . 5b:id");
        assert_eq!(shown("1.5x"), "#1 . 5x:id");
    }

    #[test]
    fn escapes_are_kept_where_it_is_asked_for() {
        let statements = tokenize_with(r"'a\d\'b'", Escapes::Kept).unwrap();
        let token = &statements[0].lexemes[0].token.token;
        assert_eq!(*token, Token::SingleQuotedRawStringLiteral(r"a\d\'b".into()));
    }

    #[test]
    fn strings_of_either_quote_are_unescaped() {
        assert_eq!(shown(r#"'it\'s' "b" 'a\\' 'c'"#), "'it's' 'b' 'a\\' 'c'");
    }

    #[test]
    fn backquotes_are_doubled_inside_names() {
        let found = tokens("`a``b c`");
        assert!(matches!(&found[..], [Token::Word(w)] if w.value == "a`b c" && w.quote_style == Some('`')));
    }

    #[test]
    fn comments_are_skipped_and_may_nest() {
        assert_eq!(shown("a -- x 'y\n b /* c /* d */ e */ f --"), "a:id b:id f:id");
        assert_eq!(shown("a -- x \\\n still\n b"), "a:id b:id");
    }

    #[test]
    fn hints_are_read_over_after_select_only() {
        assert_eq!(shown("select /*+ BROADCAST(t) */ a"), "select a:id");
        assert!(tokenize("a /*+ x */").is_err());
    }

    #[test]
    fn operators_are_matched_longest_first() {
        assert_eq!(shown("a<=>b!=c<>d!e==f||g->h"), "a:id <=> b:id <> c:id <> d:id NOT e:id == f:id || g:id -> h:id");
    }

    #[test]
    fn foreign_keywords_are_plain_words() {
        assert_eq!(shown("qualify offset recursive ceil"), "qualify:id offset:id recursive:id ceil:id");
    }

    #[test]
    fn a_script_is_split_at_semicolons_outside_strings() {
        let statements = tokenize("select ';' ; ; set a.b = x;y ; select 2;").unwrap();
        assert_eq!(statements.len(), 4);
        assert_eq!(statements[1].remainder.as_deref(), Some(" a.b = x"));
    }

    #[test]
    fn positions_count_lines_from_1_and_columns_from_0() {
        let error = tokenize("select\n  'abc").unwrap_err();
        assert_eq!(error.position, Some(Position { line: 2, column: 2 }));
        let error = tokenize("select #").unwrap_err();
        assert_eq!(error.position, Some(Position { line: 1, column: 7 }));
    }

    #[test]
    fn a_double_colon_is_two_colons_and_so_never_a_cast() {
        assert_eq!(shown("a::int"), "a:id : : int:id");
    }
}
