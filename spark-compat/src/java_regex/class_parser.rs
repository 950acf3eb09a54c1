//! Character classes in brackets, and the escapes that may stand in them.

use super::classes;
use super::node::{Set, folded, negated, set};
use super::parser::{ClassEscape, Parser, Refusal, Token};

type Parse<T> = Result<T, Refusal>;

/// Classes within classes.
const MAX_DEPTH: usize = 200;

impl Parser {
    /// The rest of a class behind its bracket. `opened` says that a bracket was, `close` that the closing one belongs to it: the
    /// right side of `&&` has neither.
    pub(super) fn class(&mut self, opened: bool, close: bool) -> Parse<Set> {
        if self.depth >= MAX_DEPTH {
            return Err(Refusal::Unsupported("character classes within classes within classes ..".into()));
        }
        self.depth += 1;
        let parsed = self.class_items(opened, close);
        self.depth -= 1;
        parsed
    }

    fn class_items(&mut self, opened: bool, close: bool) -> Parse<Set> {
        let negative = opened && self.raw(0).is_some_and(|t| t.character == '^' && !t.quoted);
        self.at += usize::from(negative);
        let mut all: Option<Set> = None;
        let mut last = Set::empty();
        loop {
            let Some(next) = self.peek() else { return Err(self.error("Unclosed character class")) };
            match next {
                '[' => {
                    self.at += 1;
                    last = self.class(true, true)?;
                }
                '&' if self.raw(1).is_some_and(|t| t.character == '&' && !t.quoted) => {
                    self.at += 2;
                    let right = self.intersected()?;
                    all = Some(match (all, right) {
                        (None, None) => return Err(self.error("Bad class syntax")),
                        (None, Some(right)) => {
                            last = right.clone();
                            right
                        }
                        // Without a right side Java takes what stands before the operator for it.
                        (Some(mut left), right) => {
                            last = right.unwrap_or(last);
                            left.intersect(&last);
                            left
                        }
                    });
                    continue;
                }
                ']' if all.is_some() => {
                    self.at += usize::from(close);
                    let class = all.unwrap_or_else(Set::empty);
                    return Ok(if negative { negated(class) } else { class });
                }
                _ => last = self.range()?,
            }
            match &mut all {
                Some(all) => all.union(&last),
                None => all = Some(last.clone()),
            }
        }
    }

    /// The right side of `&&`, up to the next `&` or the end of the class.
    fn intersected(&mut self) -> Parse<Option<Set>> {
        let mut right: Option<Set> = None;
        loop {
            match self.peek() {
                None => return Err(self.error("Unclosed character class")),
                Some(']' | '&') => return Ok(right),
                Some('[') => {
                    self.at += 1;
                    let class = self.class(true, true)?;
                    match &mut right {
                        Some(right) => right.union(&class),
                        None => right = Some(class),
                    }
                }
                Some(_) => right = Some(self.class(false, false)?),
            }
        }
    }

    /// A character, a range of characters, or an escape for a class.
    fn range(&mut self) -> Parse<Set> {
        let from = match self.class_character()? {
            ClassEscape::Set(class) => return Ok(class),
            ClassEscape::Literal(character) => character,
        };
        let to = match (self.peek(), self.raw(1)) {
            (Some('-'), Some(Token { character: '[' | ']', quoted: false })) | (Some('-'), None) => from,
            (Some('-'), Some(_)) => {
                self.at += 1;
                match self.class_character()? {
                    ClassEscape::Literal(to) if to >= from => to,
                    ClassEscape::Literal(_) => return Err(self.error("Illegal character range")),
                    ClassEscape::Set(_) => return Err(self.error("Illegal character range")),
                }
            }
            _ => from,
        };
        Ok(folded(set(&[(from, to)]), self.flags.fold()))
    }

    fn class_character(&mut self) -> Parse<ClassEscape> {
        match self.peek() {
            Some('\\') => {
                self.at += 1;
                match self.raw(0) {
                    Some(Token {
                        character: 'b' | 'A' | 'B' | 'G' | 'R' | 'X' | 'Z' | 'z' | 'k' | '1'..='9', ..
                    }) => {
                        self.at += 1;
                        Err(self.error("Illegal/unsupported escape sequence"))
                    }
                    Some(_) => self.class_escape(),
                    None => {
                        self.at += 1;
                        Err(self.error("Unexpected internal error"))
                    }
                }
            }
            Some(_) => {
                let character = self.raw(0).map_or('\0', |token| token.character);
                self.at += 1;
                Ok(ClassEscape::Literal(character))
            }
            None => Err(self.error("Unclosed character class")),
        }
    }

    /// An escape for one character or a class of them; the backslash is read.
    pub(super) fn class_escape(&mut self) -> Parse<ClassEscape> {
        let Some(Token { character, .. }) = self.raw(0) else {
            return Err(self.error("Unexpected internal error"));
        };
        self.at += 1;
        if let Some(class) = classes::escape(character, self.flags.unicode_classes) {
            return Ok(ClassEscape::Set(class));
        }
        Ok(ClassEscape::Literal(match character {
            'p' | 'P' => return self.property(character == 'P').map(ClassEscape::Set),
            'a' => '\u{7}',
            'e' => '\u{1b}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '0' => self.octal()?,
            'x' => self.hexadecimal()?,
            'u' => self.utf16()?,
            'c' => {
                let Some(Token { character, .. }) = self.raw(0) else {
                    return Err(self.error("Illegal control escape sequence"));
                };
                self.at += 1;
                char::from_u32(character as u32 ^ 64).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            'N' => return Err(Refusal::Unsupported("\\N in a regular expression".into())),
            letter if letter.is_ascii_alphabetic() => {
                return Err(self.error("Illegal/unsupported escape sequence"));
            }
            other => other,
        }))
    }

    fn property(&mut self, negative: bool) -> Parse<Set> {
        let mut name = String::new();
        let braced = self.raw(0).is_some_and(|token| token.character == '{');
        self.at += 1;
        if braced {
            loop {
                let Some(Token { character, .. }) = self.raw(0) else {
                    return Err(self.error("Unclosed character family"));
                };
                self.at += 1;
                if character == '}' {
                    break;
                }
                name.push(character);
            }
            if name.is_empty() {
                return Err(self.error("Empty character family"));
            }
        } else if let Some(Token { character, .. }) = self.tokens.get(self.at - 1) {
            name.push(*character);
        }
        if name.starts_with("In") || name.starts_with("blk=") || name.starts_with("block=") {
            return Err(Refusal::Unsupported(format!("the Unicode block {name} in a regular expression")));
        }
        let shown = match name.strip_prefix("Is") {
            Some(rest) => format!("Unknown character property name {{{rest}}}"),
            None => format!("Unknown character property name {{In/Is{name}}}"),
        };
        let class = classes::named(&name, self.flags.unicode_classes).ok_or_else(|| self.error(&shown))?;
        Ok(if negative { negated(class) } else { class })
    }

    fn digits(&mut self, radix: u32, most: usize) -> (u32, usize) {
        let (mut value, mut count) = (0u32, 0);
        while count < most
            && let Some(digit) = self.raw(0).and_then(|token| token.character.to_digit(radix))
        {
            value = value.saturating_mul(radix).saturating_add(digit);
            count += 1;
            self.at += 1;
        }
        (value, count)
    }

    /// `\0n`, `\0nn` or `\0mnn`, at most `\0377`.
    fn octal(&mut self) -> Parse<char> {
        let most = if self.raw(0).is_some_and(|token| token.character <= '3') { 3 } else { 2 };
        match self.digits(8, most) {
            (_, 0) => Err(self.error("Illegal octal escape sequence")),
            (value, _) => Ok(char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER)),
        }
    }

    /// `\xhh` or `\x{h..h}`.
    fn hexadecimal(&mut self) -> Parse<char> {
        if self.raw(0).is_some_and(|token| token.character == '{') {
            self.at += 1;
            let (value, count) = self.digits(16, 8);
            if count == 0 || self.raw(0).is_none_or(|token| token.character != '}') {
                return Err(self.error("Unclosed hexadecimal escape sequence"));
            }
            self.at += 1;
            return match char::from_u32(value) {
                Some(character) => Ok(character),
                None if value > 0x10ffff => Err(self.error("Hexadecimal codepoint is too big")),
                None => Err(Refusal::Unsupported("a surrogate in a regular expression".into())),
            };
        }
        match self.digits(16, 2) {
            (value, 2) => Ok(char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER)),
            _ => Err(self.error("Illegal hexadecimal escape sequence")),
        }
    }

    /// `\uhhhh`, and a pair of them for characters beyond the first 65,536.
    fn utf16(&mut self) -> Parse<char> {
        let (high, count) = self.digits(16, 4);
        if count != 4 {
            return Err(self.error("Illegal Unicode escape sequence"));
        }
        if let Some(character) = char::from_u32(high) {
            return Ok(character);
        }
        let pair = [self.raw(0), self.raw(1)].map(|token| token.map(|token| token.character));
        if (0xd800..0xdc00).contains(&high) && pair == [Some('\\'), Some('u')] {
            self.at += 2;
            let (low, count) = self.digits(16, 4);
            if count == 4 && (0xdc00..0xe000).contains(&low) {
                let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
        }
        Err(Refusal::Unsupported("a surrogate in a regular expression".into()))
    }
}
