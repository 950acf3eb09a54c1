//! A record of CSV as its values, by the rules of the parser that Spark uses (uniVocity 2.9.1): quotes, escapes inside of them,
//! separators of one or more characters, blanks around values, and text behind a closing quote.
//!
//! The parser is a machine over characters whose odd corners are part of the answer, so its states are those of uniVocity's
//! `CsvParser`. Values without quotes or escapes, nearly all of them, are cut out of the text whole.

use std::borrow::Cow;

use crate::error::{Result, SparkError};

/// No character: what an option of one character stands for that is set to the empty string.
pub(crate) const NONE: char = '\0';

/// Characters of a file in which the parser looks for a line's end to find out what ends lines.
const DETECTION_CHARACTERS: usize = 1 << 20;

/// How records are written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Format {
    /// What stands between values.
    pub separator: Vec<char>,
    /// What stands around a value.
    pub quote: char,
    /// What stands before a quote inside of quotes.
    pub escape: char,
    /// What stands before an escape that is none; `None` for the escape itself, if it is another character than the quote.
    pub escape_of_escape: Option<char>,
    /// What a record begins with that is a comment.
    pub comment: Option<char>,
    /// Whether blanks before values are no part of them.
    pub trims_start: bool,
    /// Whether blanks behind values are no part of them.
    pub trims_end: bool,
    /// What a value without any text is.
    pub null_value: String,
    /// What a value of two quotes is.
    pub empty_value: String,
    /// The most values that a record may have.
    pub max_columns: usize,
    /// The most characters that a value may have.
    pub max_characters: Option<usize>,
}

impl Default for Format {
    fn default() -> Self {
        Self {
            separator: vec![','],
            quote: '"',
            escape: '\\',
            escape_of_escape: None,
            comment: None,
            trims_start: false,
            trims_end: false,
            null_value: String::new(),
            empty_value: String::new(),
            max_columns: 20_480,
            max_characters: None,
        }
    }
}

/// The values of a record; where there is no text, those that the format gives.
pub(crate) type Values<'t> = Vec<Cow<'t, str>>;

/// What ends lines: one character, or two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LineEnd {
    /// The first or only character.
    pub first: char,
    /// The second.
    pub second: Option<char>,
    /// The character that it is made, which ends a record wherever it stands outside of quotes.
    pub normal: char,
    /// Whether it is made that in quotes too.
    pub is_normal_in_quotes: bool,
}

impl LineEnd {
    /// A line feed.
    pub const LINE_FEED: Self = Self { first: '\n', second: None, normal: '\n', is_normal_in_quotes: true };

    /// What ends the first line near the beginning of a text: a line feed if nothing does.
    fn of(text: &str) -> Self {
        let seen = text.char_indices().nth(DETECTION_CHARACTERS).and_then(|(end, _)| text.get(..end)).unwrap_or(text);
        let rest = seen.find(['\n', '\r']).and_then(|at| seen.get(at..)).unwrap_or_default();
        match rest.starts_with('\r') {
            true => Self { first: '\r', second: rest.starts_with("\r\n").then_some('\n'), ..Self::LINE_FEED },
            false => Self::LINE_FEED,
        }
    }
}

/// Why the machine stopped inside a record.
enum Stop {
    /// The text is at its end.
    End,
    /// The record can't be read.
    Refused(SparkError),
}

type Step<T = ()> = std::result::Result<T, Stop>;

/// Reads the records of a text one by one.
pub(crate) struct Tokenizer<'t> {
    format: &'t Format,
    line_end: LineEnd,
    /// The separator, if it is one character.
    single: Option<char>,
    escape_of_escape: char,
    text: &'t str,
    /// Where the next character is.
    at: usize,
    /// Where the record begins.
    start: usize,
    /// Whether line ends are line feeds.
    normal: bool,
    ch: char,
    /// The character before inside of quotes; [`NONE`] outside.
    prev: char,
    unescaped: bool,
    /// How much of a separator of several characters was read.
    matched: usize,
    trims: bool,
    value: String,
    /// Blanks at the end of the value that are no part of it, in bytes.
    blanks: usize,
    values: Values<'t>,
    ended: bool,
}

/// The values of a line, which is the first record in it; `None` if there is none.
///
/// # Errors
///
/// It has more or longer values than the format allows.
pub(crate) fn values_of<'t>(line: &'t str, format: &'t Format, line_end: LineEnd) -> Result<Option<Values<'t>>> {
    let mut tokenizer = Tokenizer::new(line, format, line_end);
    if format.comment.is_some() && line.chars().next() == format.comment {
        return Ok(None);
    }
    tokenizer.next_record()
}

impl<'t> Tokenizer<'t> {
    /// A reader of the records of `text`.
    pub fn new(text: &'t str, format: &'t Format, line_end: LineEnd) -> Self {
        let single = match format.separator.as_slice() {
            [single] => Some(*single),
            _ => None,
        };
        let default_escape = if format.quote == format.escape { NONE } else { format.escape };
        Self {
            format,
            line_end,
            single,
            escape_of_escape: format.escape_of_escape.unwrap_or(default_escape),
            text,
            at: 0,
            start: 0,
            normal: true,
            ch: NONE,
            prev: NONE,
            unescaped: false,
            matched: 0,
            trims: false,
            value: String::new(),
            blanks: 0,
            values: Vec::new(),
            ended: false,
        }
    }

    /// A reader of the records of a file, which says itself what ends its lines if it is not one character or two of an option.
    pub fn of_file(text: &'t str, format: &'t Format, line_end: LineEnd) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let line_end = if line_end == LineEnd::LINE_FEED { LineEnd::of(text) } else { line_end };
        Self::new(text, format, line_end)
    }

    /// The text of the last record without the line's end.
    pub fn text_of_record(&self) -> &'t str {
        let record = self.text.get(self.start..self.at).unwrap_or_default();
        record.strip_suffix("\r\n").or_else(|| record.strip_suffix(['\n', '\r'])).unwrap_or(record)
    }

    /// The next record that is neither empty nor a comment; `None` behind the last one.
    ///
    /// # Errors
    ///
    /// As for [`values_of`].
    pub fn next_record(&mut self) -> Result<Option<Values<'t>>> {
        while !self.ended {
            self.start = self.at;
            match self.step() {
                Ok(()) if self.values.is_empty() => {}
                Ok(()) => return Ok(Some(std::mem::take(&mut self.values))),
                Err(Stop::End) => {
                    self.ended = true;
                    return self.last_record();
                }
                Err(Stop::Refused(error)) => {
                    self.ended = true;
                    return Err(error);
                }
            }
        }
        Ok(None)
    }

    fn step(&mut self) -> Step {
        self.next()?;
        if self.format.comment == Some(self.ch) {
            while self.ch != self.line_end.normal {
                self.next()?;
            }
            return Ok(());
        }
        match self.single {
            Some(separator) => self.record(separator),
            None => self.record_of_long_separators(),
        }
    }

    /// What the end of the text makes of the record that it stands in.
    fn last_record(&mut self) -> Result<Option<Values<'t>>> {
        let has_value = self.value_at_end();
        let is_empty = self.length() == 0;
        let has_text = self.at > self.start;
        let pushed = if has_value || !is_empty {
            self.push_value()
        } else if has_text {
            self.push_null()
        } else {
            Ok(())
        };
        match pushed {
            Err(Stop::Refused(error)) => Err(error),
            _ => Ok(Some(std::mem::take(&mut self.values)).filter(|values| !values.is_empty())),
        }
    }

    /// Whether a value ends where the text does, though there may be no text in it.
    fn value_at_end(&mut self) -> bool {
        if self.ch == self.format.quote {
            if self.prev == self.format.quote {
                return true;
            }
            if !self.unescaped {
                self.value.push(self.format.quote);
            }
        }
        let has_value = self.prev != NONE && !self.is_separator() && self.ch != self.line_end.normal;
        (self.ch, self.prev) = (NONE, NONE);
        if self.matched > 0 {
            self.save_matched();
            return true;
        }
        has_value
    }

    fn is_separator(&self) -> bool {
        // With a separator of several characters the parser's own is the character 0.
        self.ch == self.single.unwrap_or(NONE)
    }

    /// Goes to the next character.
    fn next(&mut self) -> Step {
        let mut rest = self.text.get(self.at..).unwrap_or_default().chars();
        let Some(character) = rest.next() else { return Err(Stop::End) };
        self.at += character.len_utf8();
        self.ch = character;
        let LineEnd { first, second, normal, .. } = self.line_end;
        if character == first && (second.is_none() || rest.next() == second) && self.normal {
            self.ch = normal;
            self.at += second.map_or(0, char::len_utf8);
        }
        Ok(())
    }

    fn length(&self) -> usize {
        self.value.len().saturating_sub(self.blanks)
    }

    fn push(&mut self, value: Cow<'t, str>) -> Step {
        if self.values.len() >= self.format.max_columns {
            return Err(Stop::Refused(SparkError::execution(format!(
                "a record of CSV has more than {} values (the option maxColumns)",
                self.format.max_columns
            ))));
        }
        if self.format.max_characters.is_some_and(|most| value.len() > most && value.encode_utf16().count() > most) {
            return Err(Stop::Refused(SparkError::execution(
                "a value of CSV is longer than the option maxCharsPerColumn allows",
            )));
        }
        self.values.push(value);
        Ok(())
    }

    fn push_null(&mut self) -> Step {
        self.push(Cow::Borrowed(&self.format.null_value))
    }

    /// Ends the value that was put together character by character.
    fn push_value(&mut self) -> Step {
        if self.trims {
            self.find_blanks();
        }
        let mut value = std::mem::take(&mut self.value);
        value.truncate(value.len().saturating_sub(self.blanks));
        self.blanks = 0;
        match value.is_empty() {
            true => self.push(Cow::Borrowed(&self.format.empty_value)),
            false => self.push(Cow::Owned(value)),
        }
    }

    fn find_blanks(&mut self) {
        self.blanks = self.value.len() - self.value.trim_end_matches(is_blank).len();
    }

    /// A record whose separator is one character.
    fn record(&mut self, separator: char) -> Step {
        while self.ch != self.line_end.normal {
            if is_blank(self.ch) && self.format.trims_start {
                self.skip_blanks(separator)?;
            }
            if self.ch == separator || self.ch == self.line_end.normal {
                self.push_null()?;
            } else if self.ch == self.format.quote {
                (self.unescaped, self.prev) = (false, NONE);
                if let Some(value) = self.whole_quoted(separator) {
                    let value = if value.is_empty() { self.format.empty_value.as_str() } else { value };
                    self.push(Cow::Borrowed(value))?;
                    self.next()?;
                    if self.ch == separator {
                        self.next()?;
                        if self.ch == self.line_end.normal {
                            self.push_null()?;
                        }
                    }
                    continue;
                }
                self.normal = self.line_end.is_normal_in_quotes;
                self.trims = false;
                self.quoted(separator)?;
                self.normal = true;
                self.push_value()?;
            } else {
                (self.unescaped, self.prev) = (false, NONE);
                self.unquoted(separator)?;
            }
            if self.ch != self.line_end.normal {
                self.next()?;
                if self.ch == self.line_end.normal {
                    self.push_null()?;
                }
            }
        }
        Ok(())
    }

    fn skip_blanks(&mut self, separator: char) -> Step {
        while is_blank(self.ch) && ![separator, self.line_end.normal, self.format.quote].contains(&self.ch) {
            self.next()?;
        }
        Ok(())
    }

    /// A value without quotes, of which the first character was read.
    fn unquoted(&mut self, separator: char) -> Step {
        let begin = self.at - self.ch.len_utf8();
        let rest = self.text.get(begin..).unwrap_or_default();
        match rest.find([separator, self.line_end.first]) {
            Some(length) if self.ends_at(begin + length, separator) => {
                let value = rest.get(..length).unwrap_or_default();
                let value = if self.format.trims_end { value.trim_end_matches(is_blank) } else { value };
                if value.is_empty() && self.text.get(..begin).unwrap_or_default().chars().all(is_blank) {
                    return Err(Stop::Refused(SparkError::execution(
                        "the first value of a record of CSV is blank: with ignoreTrailingWhiteSpace and without \
                         ignoreLeadingWhiteSpace Spark fails there",
                    )));
                }
                let value = if value.is_empty() { self.format.null_value.as_str() } else { value };
                self.push(Cow::Borrowed(value))?;
                self.at = begin + length;
                self.next()
            }
            _ => {
                self.trims = self.format.trims_end;
                self.append_until(&[separator, self.line_end.normal])?;
                self.push_value()
            }
        }
    }

    /// Whether what stands here is a separator, or a whole line end with text behind it.
    fn ends_at(&self, at: usize, separator: char) -> bool {
        let mut rest = self.text.get(at..).unwrap_or_default().chars();
        let (found, following) = (rest.next(), rest.next());
        found == Some(separator)
            || match self.line_end.second {
                None => following.is_some(),
                second => following == second,
            }
    }

    /// A value in quotes, of which the opening one was read, that has no escapes in it and ends before a separator or line;
    /// then the closing quote was read too.
    fn whole_quoted(&mut self, separator: char) -> Option<&'t str> {
        let rest = self.text.get(self.at..)?;
        let Format { quote, escape, .. } = self.format;
        let mut before = self.ch;
        for (at, character) in rest.char_indices() {
            let following = rest.get(at + character.len_utf8()..)?.chars().next();
            if character == *quote {
                if before == *escape || !(following == Some(separator) || following == Some(self.line_end.normal)) {
                    return None;
                }
                let value = rest.get(..at)?;
                self.at += at + character.len_utf8();
                return Some(value);
            }
            let escapes = character == *escape
                && following.is_some_and(|following| following == *quote || following == self.escape_of_escape);
            // Line ends in quotes become line feeds.
            let line_end = character == self.line_end.first && self.line_end != LineEnd::LINE_FEED;
            if escapes || line_end {
                return None;
            }
            before = character;
        }
        None
    }

    /// Adds to the value until a character stands here that it stops at. At the end of the text the machine is at the character
    /// where this began.
    fn append_until(&mut self, stops: &[char]) -> Step {
        let before = self.ch;
        while !stops.contains(&self.ch) {
            self.value.push(self.ch);
            if let Err(stop) = self.next() {
                self.ch = before;
                return Err(stop);
            }
        }
        Ok(())
    }

    fn append_quoted_until(&mut self) -> Step {
        self.append_until(&[self.format.quote, self.format.escape, self.escape_of_escape])
    }

    /// A value in quotes, character by character. The opening quote was read, or the value goes on behind a quote that
    /// nothing escaped.
    fn quoted(&mut self, separator: char) -> Step {
        let Format { quote, escape, .. } = *self.format;
        if self.prev != NONE {
            return self.rest_of_value(&[separator, self.line_end.normal]);
        }
        self.next()?;
        while !(self.prev == quote && (is_blank(self.ch) || self.ch == separator || self.ch == self.line_end.normal)) {
            if self.ch != quote && self.ch != escape {
                if self.prev == quote {
                    self.note_unescaped_quote();
                    return self.quoted(separator);
                }
                if self.prev == escape && escape != NONE {
                    self.value.push(escape);
                }
                self.append_quoted_until()?;
                self.prev = self.ch;
                self.next()?;
            } else {
                self.quote_or_escape(separator)?;
                self.prev = self.ch;
                self.next()?;
                if self.unescaped && (self.ch == separator || self.ch == self.line_end.normal) {
                    return Ok(());
                }
            }
        }
        if self.ch != separator && self.ch != self.line_end.normal && is_blank(self.ch) {
            let mut blanks = String::new();
            while is_blank(self.ch) && self.ch != separator {
                blanks.push(self.ch);
                self.next()?;
                if self.ch == self.line_end.normal {
                    return Ok(());
                }
            }
            if self.ch != separator {
                self.text_behind_quote(&blanks);
                return self.quoted(separator);
            }
        }
        Ok(())
    }

    /// More than blanks stands behind the closing quote, so it was none.
    fn text_behind_quote(&mut self, blanks: &str) {
        self.value.push(self.format.quote);
        self.value.push_str(blanks);
        self.value.push(self.ch);
        self.prev = self.ch;
    }

    /// A value that turned out to have a quote that nothing escapes goes on to its end, and has its opening quote too.
    fn rest_of_value(&mut self, stops: &[char]) -> Step {
        self.value.insert(0, self.format.quote);
        self.next()?;
        self.trims = self.format.trims_end;
        self.append_until(stops)
    }

    fn note_unescaped_quote(&mut self) {
        self.unescaped = true;
        self.value.push(self.format.quote);
        self.value.push(self.ch);
        self.prev = self.ch;
    }

    /// A quote or an escape inside of quotes.
    fn quote_or_escape(&mut self, separator: char) -> Step {
        if self.is_escape_behind_quote() {
            return self.escaped_rest(separator);
        }
        self.resolve_escape();
        Ok(())
    }

    /// Whether an escape stands behind a quote that nothing escapes.
    fn is_escape_behind_quote(&self) -> bool {
        let Format { quote, escape, .. } = *self.format;
        self.prev == quote && self.prev != escape && self.ch != quote && !self.is_escaped_escape()
    }

    fn is_escaped_escape(&self) -> bool {
        self.ch == self.format.escape && self.prev == self.escape_of_escape && self.escape_of_escape != NONE
    }

    fn resolve_escape(&mut self) {
        let Format { quote, escape, .. } = *self.format;
        if self.is_escaped_escape() {
            self.value.push(escape);
            self.ch = NONE;
        } else if self.prev == escape {
            if self.ch == quote {
                self.value.push(quote);
                self.ch = NONE;
            } else {
                self.value.push(self.prev);
            }
        } else if self.ch == quote && self.prev == quote {
            self.value.push(quote);
        }
    }

    /// A value behind a quote that nothing escapes and an escape behind it. uniVocity calls itself where the same comes again, and
    /// each call that returns takes the separator that it ended at for a part of what goes on.
    fn escaped_rest(&mut self, separator: char) -> Step {
        let Format { quote, escape, .. } = *self.format;
        let mut calls = 0_usize;
        self.value.push(quote);
        self.prev = self.ch;
        loop {
            while self.ch != separator && self.ch != self.line_end.normal {
                let is_plain = self.ch != quote && self.ch != escape;
                if (is_plain && self.prev == quote) || (!is_plain && self.is_escape_behind_quote()) {
                    calls += usize::from(!is_plain);
                    self.value.push(quote);
                    self.prev = self.ch;
                    continue;
                }
                if is_plain {
                    self.value.push(self.ch);
                } else {
                    self.resolve_escape();
                }
                self.prev = self.ch;
                self.next()?;
            }
            if calls == 0 {
                return Ok(());
            }
            calls -= 1;
            self.prev = self.ch;
            self.next()?;
        }
    }
}

/// Separators of several characters.
impl<'t> Tokenizer<'t> {
    fn record_of_long_separators(&mut self) -> Step {
        while self.ch != self.line_end.normal {
            if is_blank(self.ch) && self.format.trims_start {
                self.skip_blanks_and_separators()?;
            }
            if self.ch == self.line_end.normal || self.matches_separator()? {
                self.push_null()?;
            } else {
                (self.unescaped, self.prev) = (false, NONE);
                if self.ch == self.format.quote && self.length() == 0 {
                    self.normal = self.line_end.is_normal_in_quotes;
                    self.trims = false;
                    self.quoted_of_long_separators()?;
                    self.normal = true;
                } else {
                    self.append_until_separator()?;
                    if self.format.trims_end {
                        self.find_blanks();
                    }
                }
                self.push_value()?;
            }
            if self.ch != self.line_end.normal {
                self.next()?;
                if self.ch == self.line_end.normal {
                    self.push_null()?;
                }
            }
        }
        Ok(())
    }

    fn expected(&self) -> Option<char> {
        self.format.separator.get(self.matched).copied()
    }

    fn is_whole(&self) -> bool {
        self.matched == self.format.separator.len()
    }

    fn save_matched(&mut self) {
        if !self.is_whole() {
            self.value.extend(self.format.separator.iter().take(self.matched));
        }
        self.matched = 0;
    }

    fn skip_blanks_and_separators(&mut self) -> Step {
        while is_blank(self.ch) && self.ch != self.line_end.normal && self.ch != self.format.quote {
            self.next()?;
            if self.expected() == Some(self.ch) && self.matches_separator()? {
                self.push_null()?;
                self.next()?;
            }
        }
        self.save_matched();
        Ok(())
    }

    /// Whether the separator stands here; what is only a part of it goes to the value.
    fn matches_separator(&mut self) -> Step<bool> {
        let is_whole = self.matches_separator_behind_quote()?;
        if !is_whole {
            self.save_matched();
        }
        Ok(is_whole)
    }

    fn matches_separator_behind_quote(&mut self) -> Step<bool> {
        while self.expected() == Some(self.ch) {
            self.matched += 1;
            if self.is_whole() {
                self.matched = 0;
                return Ok(true);
            }
            self.next()?;
        }
        Ok(false)
    }

    fn append_until_separator(&mut self) -> Step {
        while self.ch != self.line_end.normal {
            if self.expected() == Some(self.ch) {
                self.matched += 1;
                if self.is_whole() {
                    break;
                }
            } else if self.matched > 0 {
                self.save_matched();
                continue;
            } else {
                self.value.push(self.ch);
            }
            self.next()?;
        }
        self.save_matched();
        Ok(())
    }

    fn quoted_of_long_separators(&mut self) -> Step {
        let Format { quote, escape, .. } = *self.format;
        if self.prev != NONE {
            self.value.insert(0, quote);
            self.next()?;
            self.trims = self.format.trims_end;
            return self.append_until_separator();
        }
        self.next()?;
        while !(self.prev == quote && (is_blank(self.ch) || self.ch == self.line_end.normal)) {
            if self.prev == quote && self.matches_separator()? {
                return Ok(());
            }
            if self.ch != quote && self.ch != escape {
                if self.prev == quote {
                    self.note_unescaped_quote();
                    return self.quoted_of_long_separators();
                }
                if self.prev == escape && escape != NONE {
                    self.value.push(escape);
                }
                self.append_quoted_until()?;
                self.prev = self.ch;
                self.next()?;
            } else {
                self.quote_or_escape(NONE)?;
                self.prev = self.ch;
                self.next()?;
                if self.unescaped && (self.ch == self.line_end.normal || self.matches_separator()?) {
                    return Ok(());
                }
            }
        }
        if self.ch != self.line_end.normal && is_blank(self.ch) && !self.matches_separator_behind_quote()? {
            let mut blanks = String::new();
            while is_blank(self.ch) {
                blanks.push(self.ch);
                self.next()?;
                if self.ch == self.line_end.normal || self.matches_separator_behind_quote()? {
                    return Ok(());
                }
            }
            if !self.matches_separator_behind_quote()? {
                self.text_behind_quote(&blanks);
                return self.quoted(NONE);
            }
        }
        Ok(())
    }
}

fn is_blank(character: char) -> bool {
    character <= ' '
}
