//! Reads a pattern as `java.util.regex.Pattern` of Java 11 does, with its errors.

use super::classes;
use super::node::{Assert, Fold, Kind, Node, Set, folded, negated, set};

/// What a pattern is made of.
#[derive(Debug)]
pub(super) struct Parsed {
    /// The pattern.
    pub node: Node,
    /// How many capturing groups it has.
    pub groups: usize,
    /// The names of groups.
    pub names: Vec<(String, usize)>,
}

/// Why a pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Java refuses it, too: what it says, and the index that it points to.
    Syntax(String, Option<usize>),
    /// It is not supported here.
    Unsupported(String),
}

type Parse<T> = Result<T, Refusal>;

/// Groups within groups.
const MAX_DEPTH: usize = 200;

/// Parses a whole pattern.
pub(super) fn parse(pattern: &str) -> Parse<Parsed> {
    let mut parser =
        Parser { tokens: unquoted(pattern), at: 0, flags: Flags::default(), groups: 0, names: Vec::new(), depth: 0 };
    let node = parser.alternatives()?;
    match parser.peek() {
        None => Ok(Parsed { node, groups: parser.groups, names: parser.names }),
        Some(')') => Err(Refusal::Syntax("Unmatched closing ')'".into(), Some(parser.at.saturating_sub(1)))),
        Some(_) => Err(parser.error("Unexpected internal error")),
    }
}

/// A character of the pattern, and whether it stands between `\Q` and `\E`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) character: char,
    pub(super) quoted: bool,
}

/// The pattern without `\Q` and `\E`.
fn unquoted(pattern: &str) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(pattern.len());
    let mut quoted = false;
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('\\', Some('E')) if quoted => {
                characters.next();
                quoted = false;
            }
            ('\\', Some('Q')) if !quoted => {
                characters.next();
                quoted = true;
            }
            ('\\', Some(next)) if !quoted => {
                tokens.push(Token { character, quoted });
                tokens.push(Token { character: *next, quoted });
                characters.next();
            }
            _ => tokens.push(Token { character, quoted }),
        }
    }
    tokens
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flags {
    ignore_case: bool,
    multiline: bool,
    dot_all: bool,
    unicode_case: bool,
    unix_lines: bool,
    comments: bool,
    pub(super) unicode_classes: bool,
}

impl Flags {
    pub(super) fn fold(self) -> Fold {
        match (self.ignore_case, self.unicode_case) {
            (false, _) => Fold::None,
            (true, false) => Fold::Ascii,
            (true, true) => Fold::Unicode,
        }
    }
}

#[derive(Debug)]
pub(super) struct Parser {
    pub(super) tokens: Vec<Token>,
    pub(super) at: usize,
    pub(super) flags: Flags,
    groups: usize,
    names: Vec<(String, usize)>,
    pub(super) depth: usize,
}

impl Parser {
    /// An error at the character that was read last.
    pub(super) fn error(&self, message: &str) -> Refusal {
        Refusal::Syntax(message.into(), Some(self.at.saturating_sub(1)))
    }

    pub(super) fn raw(&self, ahead: usize) -> Option<Token> {
        self.tokens.get(self.at + ahead).copied()
    }

    /// Skips blanks and comments if the pattern may have them.
    pub(super) fn skip_blanks(&mut self) {
        while self.flags.comments {
            match self.raw(0) {
                Some(Token { character: '\t'..='\r' | ' ', quoted: false }) => self.at += 1,
                Some(Token { character: '#', quoted: false }) => {
                    let ends =
                        |token: &Token| matches!(token.character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
                    let rest = self.tokens.get(self.at..).unwrap_or_default();
                    self.at += rest.iter().position(ends).unwrap_or(rest.len());
                }
                _ => return,
            }
        }
    }

    /// The next character with a meaning; a quoted one has none.
    pub(super) fn peek(&mut self) -> Option<char> {
        self.skip_blanks();
        self.raw(0).map(|token| if token.quoted { '\0' } else { token.character })
    }

    pub(super) fn take(&mut self, expected: char) -> bool {
        let found = self.peek() == Some(expected);
        self.at += usize::from(found);
        found
    }

    fn descend<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        if self.depth >= MAX_DEPTH {
            return Err(Refusal::Unsupported(format!(
                "a regular expression with more than {MAX_DEPTH} groups in groups"
            )));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn alternatives(&mut self) -> Parse<Node> {
        let mut branches = vec![self.sequence()?];
        while self.take('|') {
            branches.push(self.sequence()?);
        }
        match branches.pop() {
            Some(single) if branches.is_empty() => Ok(single),
            Some(last) => {
                branches.push(last);
                Ok(Node::Alternate(branches))
            }
            None => Ok(Node::Empty),
        }
    }

    fn sequence(&mut self) -> Parse<Node> {
        let mut nodes = Vec::new();
        while let Some(next) = self.peek() {
            let node = match next {
                '|' | ')' => break,
                '(' => match self.descend(Self::group)? {
                    Some(node) => node,
                    None => continue,
                },
                '[' => {
                    self.at += 1;
                    Node::Set(self.descend(|parser| parser.class(true, true))?)
                }
                '?' | '*' | '+' => {
                    self.at += 1;
                    return Err(self.error(&format!("Dangling meta character '{next}'")));
                }
                // Nothing, as often as the braces say.
                '{' => Node::Empty,
                '^' => {
                    self.at += 1;
                    Node::Assert(match self.flags.multiline {
                        true => Assert::LineStart(self.flags.unix_lines),
                        false => Assert::Start,
                    })
                }
                '$' => {
                    self.at += 1;
                    Node::Assert(match self.flags.multiline {
                        true => Assert::LineEnd(self.flags.unix_lines),
                        false => Assert::LastLineEnd(self.flags.unix_lines),
                    })
                }
                '.' => {
                    self.at += 1;
                    Node::Set(self.dot())
                }
                '\\' => self.escape()?,
                _ => {
                    let character = self.raw(0).map_or('\0', |token| token.character);
                    self.at += 1;
                    self.literal(character)
                }
            };
            nodes.push(self.repeated(node)?);
        }
        Ok(match nodes.len() {
            0 => Node::Empty,
            1 => nodes.remove(0),
            _ => Node::Concat(nodes),
        })
    }

    fn literal(&self, character: char) -> Node {
        Node::Set(folded(set(&[(character, character)]), self.flags.fold()))
    }

    fn dot(&self) -> Set {
        match self.flags {
            Flags { dot_all: true, .. } => set(&[('\0', char::MAX)]),
            Flags { unix_lines: true, .. } => negated(set(&[('\n', '\n')])),
            _ => negated(set(classes::LINE_TERMINATORS)),
        }
    }

    /// The node with the quantifier behind it.
    fn repeated(&mut self, node: Node) -> Parse<Node> {
        let (min, max) = match self.peek() {
            Some('?') => (0, Some(1)),
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('{') => return self.counted(node),
            _ => return Ok(node),
        };
        self.at += 1;
        Ok(self.repetition(node, min, max))
    }

    fn repetition(&mut self, node: Node, min: u32, max: Option<u32>) -> Node {
        let kind = match self.peek() {
            Some('?') => Kind::Lazy,
            Some('+') => Kind::Possessive,
            _ => Kind::Greedy,
        };
        self.at += usize::from(kind != Kind::Greedy);
        Node::Repeat { node: Box::new(node), min, max, kind }
    }

    fn counted(&mut self, node: Node) -> Parse<Node> {
        let digit = |token: Option<Token>| token.and_then(|t| t.character.to_digit(10).filter(|_| !t.quoted));
        if digit(self.raw(1)).is_none() {
            let index = self.at.checked_sub(1);
            return Err(Refusal::Syntax("Illegal repetition".into(), index));
        }
        self.at += 1;
        let number = |parser: &mut Self| {
            let mut value = 0u32;
            while let Some(next) = digit(parser.raw(0)) {
                parser.at += 1;
                value = value
                    .checked_mul(10)
                    .and_then(|v| v.checked_add(next))
                    .filter(|v| *v <= i32::MAX as u32)
                    .ok_or_else(|| parser.error("Illegal repetition range"))?;
            }
            Parse::Ok(value)
        };
        let min = number(self)?;
        let max = match self.take(',') {
            false => Some(min),
            true if self.peek() == Some('}') => None,
            true => Some(number(self)?),
        };
        if !self.take('}') {
            return Err(self.error("Unclosed counted closure"));
        }
        if max.is_some_and(|max| max < min) {
            return Err(self.error("Illegal repetition range"));
        }
        Ok(self.repetition(node, min, max))
    }

    /// A group; `None` for `(?i)` and its like, whose flags hold to the end of the group around.
    fn group(&mut self) -> Parse<Option<Node>> {
        self.at += 1;
        let saved = self.flags;
        if !self.take('?') {
            let index = self.next_group();
            return self.captured(index, saved).map(Some);
        }
        let Some(Token { character, .. }) = self.raw(0) else { return Err(self.error("Unknown inline modifier")) };
        self.at += 1;
        let node = match character {
            ':' => self.alternatives()?,
            '>' => Node::Atomic(Box::new(self.alternatives()?)),
            '=' | '!' => self.look(character == '!', false)?,
            '<' => match self.raw(0).map(|token| token.character) {
                Some(next @ ('=' | '!')) => {
                    self.at += 1;
                    self.look(next == '!', true)?
                }
                _ => {
                    let name = self.group_name()?;
                    if self.names.iter().any(|(known, _)| *known == name) {
                        return Err(self.error(&format!("Named capturing group <{name}> is already defined")));
                    }
                    let index = self.next_group();
                    self.names.push((name, index));
                    return self.captured(index, saved).map(Some);
                }
            },
            '$' | '@' => return Err(self.error("Unknown group type")),
            _ => {
                self.at -= 1;
                self.modifiers()?;
                match self.raw(0).map(|token| token.character) {
                    Some(')') => {
                        self.at += 1;
                        return Ok(None);
                    }
                    Some(':') => {
                        self.at += 1;
                        self.alternatives()?
                    }
                    _ => {
                        self.at += 1;
                        return Err(self.error("Unknown inline modifier"));
                    }
                }
            }
        };
        self.close(saved)?;
        Ok(Some(node))
    }

    fn next_group(&mut self) -> usize {
        self.groups += 1;
        self.groups
    }

    fn captured(&mut self, index: usize, saved: Flags) -> Parse<Node> {
        let node = Box::new(self.alternatives()?);
        self.close(saved)?;
        Ok(Node::Group { index, node })
    }

    fn close(&mut self, saved: Flags) -> Parse<()> {
        if !self.take(')') {
            self.at += 1;
            return Err(self.error("Unclosed group"));
        }
        self.flags = saved;
        Ok(())
    }

    fn look(&mut self, negative: bool, behind: bool) -> Parse<Node> {
        let node = Box::new(self.alternatives()?);
        if behind && !node.has_obvious_maximum() {
            self.at += 1;
            return Err(self.error("Look-behind group does not have an obvious maximum length"));
        }
        let behind = behind.then(|| node.span());
        Ok(Node::Look { negative, behind, node })
    }

    fn group_name(&mut self) -> Parse<String> {
        let mut name = String::new();
        while let Some(Token { character, .. }) = self.raw(0) {
            self.at += 1;
            match character {
                'a'..='z' | 'A'..='Z' => name.push(character),
                '0'..='9' if !name.is_empty() => name.push(character),
                _ if name.is_empty() => {
                    return Err(self.error("capturing group name does not start with a Latin letter"));
                }
                '>' => return Ok(name),
                _ => break,
            }
        }
        Err(self.error("named capturing group is missing trailing '>'"))
    }

    fn modifiers(&mut self) -> Parse<()> {
        let mut on = true;
        while let Some(Token { character, .. }) = self.raw(0) {
            match character {
                'i' => self.flags.ignore_case = on,
                'm' => self.flags.multiline = on,
                's' => self.flags.dot_all = on,
                'd' => self.flags.unix_lines = on,
                'u' => self.flags.unicode_case = on,
                'x' => self.flags.comments = on,
                'c' => return Err(Refusal::Unsupported("(?c) in a regular expression".into())),
                'U' => {
                    self.flags.unicode_classes = on;
                    self.flags.unicode_case = on;
                }
                '-' if on => on = false,
                _ => return Ok(()),
            }
            self.at += 1;
        }
        Ok(())
    }

    /// What begins with a backslash outside of a class.
    fn escape(&mut self) -> Parse<Node> {
        self.at += 1;
        let Some(Token { character, .. }) = self.raw(0) else {
            self.at += 1;
            return Err(self.error("Unexpected internal error"));
        };
        let assert = |parser: &mut Self, assert| {
            parser.at += 1;
            Ok(Node::Assert(assert))
        };
        match character {
            'A' => assert(self, Assert::Start),
            'Z' => assert(self, Assert::LastLineEnd(self.flags.unix_lines)),
            'z' => assert(self, Assert::End),
            'G' => assert(self, Assert::LastMatch),
            'B' => assert(self, Assert::NoWordBoundary),
            'b' if self.raw(1).is_some_and(|token| token.character == '{') => {
                Err(Refusal::Unsupported("\\b{g} in a regular expression".into()))
            }
            'b' => assert(self, Assert::WordBoundary),
            'R' => {
                self.at += 1;
                let of = |c: char| Node::Set(set(&[(c, c)]));
                let pair = Node::Concat(vec![of('\r'), of('\n')]);
                let single = set(&[('\n', '\r'), ('\u{85}', '\u{85}'), ('\u{2028}', '\u{2029}')]);
                Ok(Node::Alternate(vec![pair, Node::Set(single)]))
            }
            'X' | 'N' => Err(Refusal::Unsupported(format!("\\{character} in a regular expression"))),
            'k' => self.named_reference(),
            '1'..='9' => Ok(self.numbered_reference()),
            _ => self.class_escape().map(|found| match found {
                ClassEscape::Set(class) => Node::Set(class),
                ClassEscape::Literal(character) => self.literal(character),
            }),
        }
    }

    fn named_reference(&mut self) -> Parse<Node> {
        self.at += 1;
        if self.raw(0).is_none_or(|token| token.character != '<') {
            self.at += 1;
            return Err(self.error("\\k is not followed by '<' for named capturing group"));
        }
        self.at += 1;
        let name = self.group_name()?;
        match self.names.iter().find(|(known, _)| *known == name) {
            Some((_, group)) => Ok(Node::Backreference { group: *group, fold: self.flags.fold() }),
            None => Err(self.error(&format!("named capturing group <{name}> does not exist"))),
        }
    }

    /// The number takes as many digits as there are groups for.
    fn numbered_reference(&mut self) -> Node {
        let mut group = 0;
        while let Some(digit) = self.raw(0).and_then(|token| token.character.to_digit(10)) {
            let longer = group * 10 + digit as usize;
            if group > 0 && longer > self.groups {
                break;
            }
            group = longer;
            self.at += 1;
        }
        Node::Backreference { group, fold: self.flags.fold() }
    }
}

/// What an escape stands for that may stand in a class, too.
#[derive(Debug)]
pub(super) enum ClassEscape {
    /// Any of these characters.
    Set(Set),
    /// This character.
    Literal(char),
}
