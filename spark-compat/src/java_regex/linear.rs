//! The same pattern for the crate `regex`, which matches in linear time, where it finds exactly what Java finds.
//!
//! That is so for patterns without references, lookaround, atomic parts and repetitions of what may be empty. Some places in a
//! text mean the same only for certain texts; [`Linear::fits`] says for which.

use std::fmt::Write;

use regex::Regex;

use super::node::{Assert, Kind, Node, Set};

/// Repetitions beyond this count would make the automaton large.
const MAX_COUNT: u32 = 1000;

/// What the automaton may take, in bytes.
const SIZE_LIMIT: usize = 2 << 20;

/// A pattern for the crate `regex`.
#[derive(Debug)]
pub(super) struct Linear {
    /// The compiled pattern; its groups are numbered as in the Java pattern.
    pub regex: Regex,
    ends_at_line_terminator: bool,
    has_word_boundary: bool,
}

impl Linear {
    /// The pattern, if it has a form that means the same.
    pub fn new(node: &Node) -> Option<Self> {
        let mut writer = Writer::default();
        writer.node(node)?;
        let regex = regex::RegexBuilder::new(&writer.out).size_limit(SIZE_LIMIT).build().ok()?;
        let Writer { ends_at_line_terminator, has_word_boundary, .. } = writer;
        Some(Self { regex, ends_at_line_terminator, has_word_boundary })
    }

    /// Whether the pattern finds in this text what Java's would.
    pub fn fits(&self, text: &str) -> bool {
        let terminated = || text.ends_with(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']);
        !(self.has_word_boundary && !text.is_ascii() || self.ends_at_line_terminator && terminated())
    }
}

#[derive(Debug, Default)]
struct Writer {
    out: String,
    ends_at_line_terminator: bool,
    has_word_boundary: bool,
}

impl Writer {
    /// Writes a node; `None` if it has no equal form.
    fn node(&mut self, node: &Node) -> Option<()> {
        match node {
            Node::Empty => self.out.push_str("(?:)"),
            Node::Set(class) => self.set(class),
            Node::Concat(nodes) => nodes.iter().try_for_each(|node| self.grouped(node))?,
            Node::Alternate(nodes) => {
                for (at, node) in nodes.iter().enumerate() {
                    self.out.push_str(if at > 0 { "|" } else { "" });
                    self.grouped(node)?;
                }
            }
            Node::Group { index: _, node } => {
                self.out.push('(');
                self.node(node)?;
                self.out.push(')');
            }
            Node::Repeat { node, min, max, kind } => {
                let counts = (*min).max(max.unwrap_or(0));
                if *kind == Kind::Possessive || node.span().min == 0 || counts > MAX_COUNT {
                    return None;
                }
                self.grouped(node)?;
                match max {
                    Some(max) => write!(self.out, "{{{min},{max}}}").ok()?,
                    None => write!(self.out, "{{{min},}}").ok()?,
                }
                self.out.push_str(if *kind == Kind::Lazy { "?" } else { "" });
            }
            Node::Assert(assert) => self.assert(*assert)?,
            Node::Look { .. } | Node::Atomic(_) | Node::Backreference { .. } => return None,
        }
        Some(())
    }

    /// A node that binds as one.
    fn grouped(&mut self, node: &Node) -> Option<()> {
        if matches!(node, Node::Set(_) | Node::Group { .. }) {
            return self.node(node);
        }
        self.out.push_str("(?:");
        self.node(node)?;
        self.out.push(')');
        Some(())
    }

    fn set(&mut self, class: &Set) {
        if let [range] = class.ranges()
            && range.start() == range.end()
        {
            regex_syntax::escape_into(range.start().encode_utf8(&mut [0; 4]), &mut self.out);
            return;
        }
        if class.ranges().is_empty() {
            self.out.push_str("[a&&b]");
            return;
        }
        self.out.push('[');
        for range in class.ranges() {
            let _ = write!(self.out, "\\x{{{:x}}}-\\x{{{:x}}}", range.start() as u32, range.end() as u32);
        }
        self.out.push(']');
    }

    fn assert(&mut self, assert: Assert) -> Option<()> {
        match assert {
            Assert::Start => self.out.push_str("\\A"),
            Assert::End => self.out.push_str("\\z"),
            Assert::LastLineEnd(_) => {
                self.ends_at_line_terminator = true;
                self.out.push_str("\\z");
            }
            Assert::WordBoundary => {
                self.has_word_boundary = true;
                self.out.push_str("(?-u:\\b)");
            }
            Assert::NoWordBoundary | Assert::LineStart(_) | Assert::LineEnd(_) | Assert::LastMatch => return None,
        }
        Some(())
    }
}
