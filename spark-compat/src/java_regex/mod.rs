//! Regular expressions with the meaning of `java.util.regex` in Java 11.
//!
//! [`parser`] reads a pattern into [`node`]s, with Java's errors. Where the crate `regex` finds exactly the same, it matches in
//! linear time ([`linear`]); for references, lookaround, possessive repetitions and the like a backtracking [`machine`] runs the
//! pattern's [`program`], in bounded steps.

mod class_parser;
mod classes;
mod linear;
mod machine;
mod node;
mod parser;
mod program;
mod replacement;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use linear::Linear;
use machine::{Machine, TooComplex, UNSET, Words};
use node::{Node, Set};
use parser::Refusal;
use program::Program;
pub(crate) use replacement::Replacement;

use crate::error::{ErrorKind, Result, SparkError};

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct JavaRegex {
    pattern: String,
    node: Node,
    groups: usize,
    names: Vec<(String, usize)>,
    linear: Option<Linear>,
    program: OnceLock<Program>,
    splits_pairs: OnceLock<bool>,
}

/// Where a match and its groups are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Groups(Vec<usize>);

impl Groups {
    /// Where the match starts.
    pub fn start(&self) -> usize {
        self.0.first().copied().unwrap_or(0)
    }

    /// Where the match ends.
    pub fn end(&self) -> usize {
        self.0.get(1).copied().unwrap_or(0)
    }

    /// What the group matched of `text`, the searched one; `None` if it took no part. Group 0 is the match.
    pub fn get<'t>(&self, text: &'t str, group: usize) -> Option<&'t str> {
        let place = |at| self.0.get(at).copied().filter(|place| *place != UNSET);
        text.get(place(2 * group)?..place(2 * group + 1)?)
    }
}

impl JavaRegex {
    /// Compiles a pattern, or finds it among those that were compiled lately.
    ///
    /// # Errors
    ///
    /// Java refuses the pattern, or it has a part that is not supported.
    pub fn compiled(pattern: &str) -> Result<Arc<Self>> {
        static CACHE: LazyLock<Mutex<HashMap<String, Arc<JavaRegex>>>> = LazyLock::new(Mutex::default);
        let lock = || CACHE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = lock().get(pattern) {
            return Ok(Arc::clone(found));
        }
        let regex = Arc::new(Self::new(pattern)?);
        let mut cache = lock();
        if cache.len() >= MAX_CACHED {
            cache.clear();
        }
        cache.insert(pattern.to_string(), Arc::clone(&regex));
        Ok(regex)
    }

    fn new(pattern: &str) -> Result<Self> {
        if pattern.len() > MAX_PATTERN {
            return Err(SparkError::unsupported(format!("a regular expression of more than {MAX_PATTERN} bytes")));
        }
        let parsed = parser::parse(pattern).map_err(|refusal| refused(pattern, refusal))?;
        let linear = Linear::new(&parsed.node);
        Ok(Self {
            pattern: pattern.to_string(),
            node: parsed.node,
            groups: parsed.groups,
            names: parsed.names,
            linear,
            program: OnceLock::new(),
            splits_pairs: OnceLock::new(),
        })
    }

    /// The pattern as it was given.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// How many capturing groups it has.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// The number of the group with this name.
    pub fn group_named(&self, name: &str) -> Option<usize> {
        self.names.iter().find(|(known, _)| known == name).map(|(_, group)| *group)
    }

    /// Whether it matches somewhere in the text.
    pub fn is_match(&self, text: &str) -> Result<bool> {
        match self.linear.as_ref().filter(|linear| linear.fits(text)) {
            Some(linear) => Ok(linear.regex.is_match(text)),
            None => self.searches(text).next().map(|found| found.is_some()),
        }
    }

    /// Its matches in the text, one after the other.
    pub fn searches<'a>(&'a self, text: &'a str) -> Matches<'a> {
        let linear = self.linear.as_ref().filter(|linear| linear.fits(text));
        let matcher = match linear {
            Some(linear) if self.groups == 0 => Matcher::Whole(linear),
            Some(linear) => Matcher::Linear(linear, linear.regex.capture_locations()),
            None => {
                let program = self.program.get_or_init(|| Program::new(&self.node, self.groups));
                Matcher::Backtracking(Machine::new(program, &WORDS))
            }
        };
        Matches { regex: self, text, matcher, from: Some(0), last: 0, half: None, groups: Groups::default() }
    }

    /// Whether it matches the empty text between the two halves of a character beyond the BMP. Two characters that no pattern
    /// names stand for the halves.
    fn splits_pairs(&self) -> Result<bool> {
        if let Some(known) = self.splits_pairs.get() {
            return Ok(*known);
        }
        let mut matches = self.searches("\u{E000}\u{E001}");
        let mut splits = false;
        while let Some(groups) = matches.next()? {
            splits |= (groups.start(), groups.end()) == (3, 3);
        }
        Ok(*self.splits_pairs.get_or_init(|| splits))
    }

    fn too_complex(&self) -> SparkError {
        SparkError::new(
            ErrorKind::Resources,
            format!("the regular expression '{}' needs too many steps for a text: simplify it", self.pattern),
        )
    }
}

/// The least first byte of a character beyond the BMP.
const FOUR_BYTES: u8 = 0xF0;

/// Compiled patterns that are kept.
const MAX_CACHED: usize = 64;

/// The bytes that a pattern may have.
const MAX_PATTERN: usize = 64 << 10;

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let property = |name| classes::property(name).unwrap_or_else(Set::empty);
    let mut letters = property("L");
    letters.union(&property("Nd"));
    Words { letters, marks: property("Mn") }
});

/// The text between two places of matches. Halves of a character beyond the BMP, which is two in Java, become question marks
/// there when they are written.
pub(crate) fn between(text: &str, from: usize, to: usize) -> Cow<'_, str> {
    if let Some(part) = text.get(from..to) {
        return Cow::Borrowed(part);
    }
    let half = |at: usize| if text.is_char_boundary(at) { "" } else { "?" };
    let whole = text.get(text.ceil_char_boundary(from)..text.floor_char_boundary(to)).unwrap_or_default();
    Cow::Owned(if from < to { [half(from), whole, half(to)].concat() } else { String::new() })
}

/// The matches of a pattern in a text.
#[derive(Debug)]
pub(crate) struct Matches<'a> {
    regex: &'a JavaRegex,
    text: &'a str,
    matcher: Matcher<'a>,
    /// Where the next search starts, if there is a place for one.
    from: Option<usize>,
    last: usize,
    /// The next match, if it is the empty one inside the character in front of `from`.
    half: Option<usize>,
    groups: Groups,
}

#[derive(Debug)]
enum Matcher<'a> {
    /// For a pattern without groups, whose matches are found without the work that groups need.
    Whole(&'a Linear),
    Linear(&'a Linear, regex::CaptureLocations),
    Backtracking(Machine<'a>),
}

impl Matches<'_> {
    /// The next match (`Matcher.find`): behind an empty one the search goes on one character later. A character beyond the BMP
    /// is two in Java: an empty match between them has a place inside the character's bytes, for [`between`].
    pub fn next(&mut self) -> Result<Option<&Groups>> {
        if let Some(half) = self.half.take() {
            self.last = half;
            self.groups.0.fill(UNSET);
            self.groups.0.iter_mut().take(2).for_each(|place| *place = half);
            return Ok(Some(&self.groups));
        }
        let Some(from) = self.from else { return Ok(None) };
        if !self.search(from)? {
            self.from = None;
            return Ok(None);
        }
        let (start, end) = (self.groups.start(), self.groups.end());
        self.last = end;
        self.from = match (end > start, self.text.get(end..).and_then(|rest| rest.chars().next())) {
            (true, _) => Some(end),
            (false, next) => next.map(|next| end + next.len_utf8()),
        };
        if start == end
            && self.text.as_bytes().get(end).is_some_and(|byte| *byte >= FOUR_BYTES)
            && self.regex.splits_pairs()?
        {
            self.half = Some(end + 1);
        }
        Ok(Some(&self.groups))
    }

    fn search(&mut self, from: usize) -> Result<bool> {
        let slots = &mut self.groups.0;
        slots.clear();
        match &mut self.matcher {
            Matcher::Whole(linear) => {
                let Some(found) = linear.regex.find_at(self.text, from) else { return Ok(false) };
                slots.extend([found.start(), found.end()]);
                Ok(true)
            }
            Matcher::Linear(linear, locations) => {
                if linear.regex.captures_read_at(locations, self.text, from).is_none() {
                    return Ok(false);
                }
                for group in 0..locations.len() {
                    let (start, end) = locations.get(group).unwrap_or((UNSET, UNSET));
                    slots.extend([start, end]);
                }
                Ok(true)
            }
            Matcher::Backtracking(machine) => match machine.find(self.text, from, self.last) {
                Ok(Some(found)) => {
                    slots.extend_from_slice(found);
                    Ok(true)
                }
                Ok(None) => Ok(false),
                Err(TooComplex) => Err(self.regex.too_complex()),
            },
        }
    }
}

/// The error for a pattern, in the form of Java's `PatternSyntaxException`.
fn refused(pattern: &str, refusal: Refusal) -> SparkError {
    let (message, index) = match refusal {
        Refusal::Unsupported(what) => return SparkError::unsupported(what),
        Refusal::Syntax(message, index) => (message, index),
    };
    let mut text = format!("java.util.regex.PatternSyntaxException: {message}");
    if let Some(index) = index {
        text.push_str(&format!(" near index {index}"));
    }
    text.push_str(&format!("\n{pattern}"));
    if let Some(index) = index.filter(|index| *index < pattern.chars().count()) {
        text.push_str(&format!("\n{}^", " ".repeat(index)));
    }
    SparkError::illegal_argument(text)
}

#[cfg(test)]
mod tests;
