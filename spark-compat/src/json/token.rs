//! A streaming tokenizer with Jackson's grammar.
//!
//! An error comes only when the faulty place is reached: what stands behind the value that is looked for is never read.

/// What the text may have beyond the JSON standard (Jackson's `JsonReadFeature`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Leniency {
    pub single_quotes: bool,
    pub unquoted_names: bool,
    pub comments: bool,
    pub leading_zeros: bool,
    pub escaped_any: bool,
    pub control_characters: bool,
    pub non_numeric_numbers: bool,
}

impl Leniency {
    /// What `get_json_object` and its kin read (`SharedFactory`).
    pub const SHARED: Self = Self {
        single_quotes: true,
        unquoted_names: false,
        comments: false,
        leading_zeros: false,
        escaped_any: false,
        control_characters: true,
        non_numeric_numbers: false,
    };

    /// What `from_json` and `schema_of_json` read without options (`JSONOptions`).
    pub const DEFAULT: Self = Self { control_characters: false, non_numeric_numbers: true, ..Self::SHARED };
}

/// What the parser stands at. The text of names, strings and numbers is [`Parser::text`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// The end of the text, or the place before its start.
    None,
    StartObject,
    EndObject,
    StartArray,
    EndArray,
    Name,
    String,
    Integer,
    Float,
    True,
    False,
    Null,
}

/// The text is not JSON; the message says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub String);

pub(crate) type Result<T> = std::result::Result<T, Malformed>;

/// An object or array that is open.
#[derive(Clone, Copy, Debug)]
struct Scope {
    is_object: bool,
    /// Whether it has a member already.
    has_members: bool,
}

/// Reads one text.
#[derive(Debug)]
pub(crate) struct Parser<'t> {
    bytes: &'t [u8],
    source: &'t str,
    at: usize,
    scopes: Vec<Scope>,
    token: Token,
    text: String,
    leniency: Leniency,
}

impl<'t> Parser<'t> {
    pub fn new(source: &'t str, leniency: Leniency) -> Self {
        let (bytes, scopes, text) = (source.as_bytes(), Vec::new(), String::new());
        Self { bytes, source, at: 0, scopes, token: Token::None, text, leniency }
    }

    /// The token that the parser stands at.
    pub fn token(&self) -> Token {
        self.token
    }

    /// The name, the string without quotes and escapes, or the number as it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Goes to the next token.
    pub fn next(&mut self) -> Result<Token> {
        self.token = match self.token {
            Token::Name => self.value()?,
            _ => self.member()?,
        };
        Ok(self.token)
    }

    /// Goes from the start of an object or array to its end; other tokens stay.
    pub fn skip_children(&mut self) -> Result<()> {
        if !matches!(self.token, Token::StartObject | Token::StartArray) {
            return Ok(());
        }
        let depth = self.scopes.len();
        while self.scopes.len() >= depth {
            self.next()?;
        }
        Ok(())
    }

    /// How many objects and arrays are open.
    pub fn depth(&self) -> usize {
        self.scopes.len()
    }

    fn member(&mut self) -> Result<Token> {
        self.skip_blanks()?;
        let Some(scope) = self.scopes.last().copied() else {
            return if self.at < self.bytes.len() { self.value() } else { Ok(Token::None) };
        };
        let mut next = self.peek().ok_or_else(|| self.ends_early())?;
        if matches!(next, b']' | b'}') {
            if scope.is_object != (next == b'}') {
                return Err(self.unexpected());
            }
            self.at += 1;
            self.scopes.pop();
            return Ok(if scope.is_object { Token::EndObject } else { Token::EndArray });
        }
        if scope.has_members {
            if next != b',' {
                return Err(self.unexpected());
            }
            self.at += 1;
            self.skip_blanks()?;
            next = self.peek().ok_or_else(|| self.ends_early())?;
        }
        if let Some(scope) = self.scopes.last_mut() {
            scope.has_members = true;
        }
        if !scope.is_object {
            return self.value();
        }
        self.name(next)?;
        self.skip_blanks()?;
        if self.peek() != Some(b':') {
            return Err(self.unexpected());
        }
        self.at += 1;
        Ok(Token::Name)
    }

    fn name(&mut self, next: u8) -> Result<()> {
        match next {
            b'"' => self.string(b'"'),
            b'\'' if self.leniency.single_quotes => self.string(b'\''),
            _ if self.leniency.unquoted_names => {
                let rest = self.source.get(self.at..).unwrap_or_default();
                let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '@' | '#' | '*' | '-' | '+');
                let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
                if length == 0 {
                    return Err(self.unexpected());
                }
                self.take_text(length);
                Ok(())
            }
            _ => Err(self.unexpected()),
        }
    }

    fn take_text(&mut self, length: usize) {
        self.text.clear();
        self.text.push_str(self.source.get(self.at..self.at + length).unwrap_or_default());
        self.at += length;
    }

    fn value(&mut self) -> Result<Token> {
        self.skip_blanks()?;
        let next = self.peek().ok_or_else(|| self.ends_early())?;
        match next {
            b'{' | b'[' => {
                self.at += 1;
                let is_object = next == b'{';
                self.scopes.push(Scope { is_object, has_members: false });
                Ok(if is_object { Token::StartObject } else { Token::StartArray })
            }
            b'"' => self.string(b'"').map(|()| Token::String),
            b'\'' if self.leniency.single_quotes => self.string(b'\'').map(|()| Token::String),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.word("true", Token::True),
            b'f' => self.word("false", Token::False),
            b'n' => self.word("null", Token::Null),
            b'N' | b'I' | b'+' if self.leniency.non_numeric_numbers => self.non_numeric(),
            _ => Err(self.unexpected()),
        }
    }

    fn word(&mut self, word: &str, token: Token) -> Result<Token> {
        let rest = self.source.get(self.at..).unwrap_or_default();
        let behind = rest.strip_prefix(word).ok_or_else(|| self.unexpected())?;
        if behind.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$')) {
            return Err(self.unexpected());
        }
        self.take_text(word.len());
        Ok(token)
    }

    fn non_numeric(&mut self) -> Result<Token> {
        for name in ["NaN", "Infinity", "+Infinity", "-Infinity", "INF", "+INF", "-INF"] {
            if let Ok(token) = self.word(name, Token::Float) {
                return Ok(token);
            }
        }
        Err(self.unexpected())
    }

    fn number(&mut self) -> Result<Token> {
        let mut end = self.at + usize::from(self.peek() == Some(b'-'));
        let digits =
            |from: usize| self.bytes.get(from..).map_or(0, |b| b.iter().take_while(|b| b.is_ascii_digit()).count());
        let whole = digits(end);
        if whole == 0 && self.leniency.non_numeric_numbers {
            return self.non_numeric();
        }
        let zeros = whole > 1 && self.bytes.get(end) == Some(&b'0');
        if whole == 0 || zeros && !self.leniency.leading_zeros {
            return Err(self.unexpected());
        }
        end += whole;
        let mut token = Token::Integer;
        if self.bytes.get(end) == Some(&b'.') {
            let fraction = digits(end + 1);
            if fraction == 0 {
                return Err(self.unexpected());
            }
            (token, end) = (Token::Float, end + 1 + fraction);
        }
        if matches!(self.bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(self.bytes.get(end + 1), Some(b'+' | b'-')));
            let exponent = digits(end + 1 + sign);
            if exponent == 0 {
                return Err(self.unexpected());
            }
            (token, end) = (Token::Float, end + 1 + sign + exponent);
        }
        let at_root = self.scopes.is_empty();
        if at_root && self.bytes.get(end).is_some_and(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n')) {
            return Err(self.unexpected());
        }
        self.take_text(end - self.at);
        if zeros {
            self.drop_leading_zeros();
        }
        Ok(token)
    }

    fn drop_leading_zeros(&mut self) {
        let (sign, digits) = match self.text.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", self.text.as_str()),
        };
        let kept = digits.trim_start_matches('0');
        let zero = if kept.starts_with(|c: char| c.is_ascii_digit()) { "" } else { "0" };
        self.text = format!("{sign}{zero}{kept}");
    }

    /// Reads a string that starts here into the text.
    fn string(&mut self, quote: u8) -> Result<()> {
        self.at += 1;
        self.text.clear();
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let plain = rest.iter().position(|b| *b == quote || *b == b'\\' || *b < b' ');
            let plain = plain.ok_or_else(|| self.ends_early())?;
            self.text.push_str(self.source.get(self.at..self.at + plain).unwrap_or_default());
            self.at += plain;
            match self.peek() {
                Some(b'\\') => self.escape()?,
                Some(end) if end == quote => {
                    self.at += 1;
                    return Ok(());
                }
                Some(control) if self.leniency.control_characters => {
                    self.text.push(char::from(control));
                    self.at += 1;
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    fn escape(&mut self) -> Result<()> {
        let rest = self.source.get(self.at + 1..).unwrap_or_default();
        let escaped = rest.chars().next().ok_or_else(|| self.ends_early())?;
        let character = match escaped {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '"' | '\\' | '/' => escaped,
            '\'' if self.leniency.single_quotes => escaped,
            'u' => return self.unicode_escape(),
            other if self.leniency.escaped_any => other,
            _ => return Err(self.unexpected()),
        };
        self.at += 1 + escaped.len_utf8();
        self.text.push(character);
        Ok(())
    }

    /// `\u0041`, or a pair of surrogates. Half a pair is a question mark, as Java encodes it.
    fn unicode_escape(&mut self) -> Result<()> {
        let unit = self.code_unit(self.at).ok_or_else(|| self.unexpected())?;
        let pair = match unit {
            0xd800..=0xdbff => self.code_unit(self.at + 6),
            _ => None,
        };
        let units = [unit, pair.unwrap_or_default()];
        let used = if pair.is_some_and(|low| (0xdc00..=0xdfff).contains(&low)) { 2 } else { 1 };
        let decoded = char::decode_utf16(units.into_iter().take(used)).next();
        self.text.push(decoded.and_then(std::result::Result::ok).unwrap_or('?'));
        self.at += 6 * used;
        Ok(())
    }

    fn code_unit(&self, at: usize) -> Option<u16> {
        let digits = self.source.get(at..at + 6)?.strip_prefix("\\u")?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        u16::from_str_radix(digits, 16).ok()
    }

    fn skip_blanks(&mut self) -> Result<()> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                Some(b'/') if self.leniency.comments => self.skip_comment()?,
                _ => return Ok(()),
            }
        }
    }

    fn skip_comment(&mut self) -> Result<()> {
        let rest = self.source.get(self.at..).unwrap_or_default();
        let length = if let Some(body) = rest.strip_prefix("/*") {
            body.find("*/").map(|end| end + 4)
        } else if rest.starts_with("//") {
            Some(rest.find(['\n', '\r']).unwrap_or(rest.len()))
        } else {
            None
        };
        self.at += length.ok_or_else(|| self.unexpected())?;
        Ok(())
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn unexpected(&self) -> Malformed {
        let found = self.source.get(self.at..).and_then(|rest| rest.chars().next());
        Malformed(match found {
            Some(found) => format!("Unexpected character ('{found}' (code {})) at {}", u32::from(found), self.at),
            None => format!("Unexpected end-of-input at {}", self.at),
        })
    }

    fn ends_early(&self) -> Malformed {
        Malformed("Unexpected end-of-input".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Result<Vec<(Token, String)>> {
        let mut parser = Parser::new(text, Leniency::SHARED);
        let mut tokens = Vec::new();
        while parser.next()? != Token::None {
            tokens.push((parser.token(), parser.text().to_string()));
        }
        Ok(tokens)
    }

    #[test]
    fn escapes_are_resolved_and_halves_of_pairs_are_question_marks() {
        let text = |json: &str| tokens(json).unwrap()[0].1.clone();
        assert_eq!(text(r#""a\u00e9\ud83d\ude00\n\/""#), "aé😀\n/");
        assert_eq!(text(r#""\ud83dx""#), "?x");
        assert!(tokens(r#""\q""#).is_err() && tokens(r#""\u12""#).is_err() && tokens("\"\\u123\u{e9}\"").is_err());
    }

    #[test]
    fn broken_texts_are_errors_and_not_panics() {
        for text in
            ["{", "[1,", "{\"a\"", "{\"a\":", "\"", "\"\\", "-", "1.", "1e", "tru", "truex", "[1}", "{,}", "[,]", "01"]
        {
            assert!(tokens(text).is_err(), "{text}");
        }
        assert!(tokens(&"[".repeat(100_000)).is_err());
    }
}
