//! What a pattern means: the tree that the parser makes and both matchers run.

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

/// A set of characters.
pub(super) type Set = ClassUnicode;

/// A part of a pattern.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// Matches nothing at all, everywhere.
    Empty,
    /// One character of the set.
    Set(Set),
    /// One after the other.
    Concat(Vec<Node>),
    /// The first that lets the rest match.
    Alternate(Vec<Node>),
    /// `node` from `min` to `max` times.
    Repeat { node: Box<Node>, min: u32, max: Option<u32>, kind: Kind },
    /// A capturing group.
    Group { index: usize, node: Box<Node> },
    /// `(?=..)`, `(?!..)`, `(?<=..)` and `(?<!..)`; those that look behind say how many characters they span.
    Look { negative: bool, behind: Option<Span>, node: Box<Node> },
    /// `(?>..)`: the first match of `node` only.
    Atomic(Box<Node>),
    /// What a group matched.
    Backreference { group: usize, fold: Fold },
    /// A place.
    Assert(Assert),
}

/// How often a repetition tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// As often as possible first.
    Greedy,
    /// As rarely as possible first.
    Lazy,
    /// As often as possible, and no other way.
    Possessive,
}

/// Whether case counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    /// It does.
    None,
    /// Not that of ASCII letters.
    Ascii,
    /// Not that of any letter.
    Unicode,
}

/// How many characters something matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// At least.
    pub min: usize,
    /// At most, if there is a limit.
    pub max: Option<usize>,
}

/// A place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Assert {
    /// `\A`, and `^` of single lines.
    Start,
    /// `^` of multiple lines; true for `\n` as the only line terminator.
    LineStart(bool),
    /// `$` and `\Z` of single lines: the end, or before the last line terminator.
    LastLineEnd(bool),
    /// `$` of multiple lines.
    LineEnd(bool),
    /// `\z`
    End,
    /// `\b`
    WordBoundary,
    /// `\B`
    NoWordBoundary,
    /// `\G`: where the last match ended.
    LastMatch,
}

/// The set of the given ranges, ends included.
pub(super) fn set(ranges: &[(char, char)]) -> Set {
    Set::new(ranges.iter().map(|(from, to)| ClassUnicodeRange::new(*from, *to)))
}

/// All characters that are not in the set.
pub(super) fn negated(mut set: Set) -> Set {
    set.negate();
    set
}

/// The set with the other case of its letters.
pub(super) fn folded(mut set: Set, fold: Fold) -> Set {
    match fold {
        Fold::None => {}
        Fold::Unicode => {
            // Without tables for case the set stays as it is.
            let _ = set.try_case_fold_simple();
        }
        Fold::Ascii => {
            let letters = |from: char, to: char, shift: fn(char) -> char| {
                let mut part = set.clone();
                part.intersect(&self::set(&[(from, to)]));
                Set::new(part.ranges().iter().map(|r| ClassUnicodeRange::new(shift(r.start()), shift(r.end()))))
            };
            let upper = letters('a', 'z', |c| c.to_ascii_uppercase());
            let lower = letters('A', 'Z', |c| c.to_ascii_lowercase());
            set.union(&upper);
            set.union(&lower);
        }
    }
    set
}

/// Whether the set has the character.
pub(super) fn contains(set: &Set, character: char) -> bool {
    let ranges = set.ranges();
    let at = ranges.partition_point(|range| range.end() < character);
    ranges.get(at).is_some_and(|range| range.start() <= character)
}

impl Node {
    /// How many characters the node matches, as far as its form says.
    pub fn span(&self) -> Span {
        match self {
            Self::Empty | Self::Look { .. } | Self::Assert(_) => Span { min: 0, max: Some(0) },
            Self::Set(_) => Span { min: 1, max: Some(1) },
            Self::Concat(nodes) => nodes.iter().map(Self::span).fold(Span { min: 0, max: Some(0) }, |a, b| Span {
                min: a.min.saturating_add(b.min),
                max: a.max.zip(b.max).map(|(a, b)| a.saturating_add(b)),
            }),
            Self::Alternate(nodes) => {
                let spans = || nodes.iter().map(Self::span);
                let max = spans().try_fold(0, |most: usize, span| Some(most.max(span.max?)));
                Span { min: spans().map(|span| span.min).min().unwrap_or(0), max }
            }
            Self::Repeat { node, min, max, .. } => {
                let span = node.span();
                let times = |n: usize, by: u32| n.saturating_mul(by as usize);
                Span { min: times(span.min, *min), max: max.and_then(|max| Some(times(span.max?, max))) }
            }
            Self::Group { node, .. } | Self::Atomic(node) => node.span(),
            Self::Backreference { .. } => Span { min: 0, max: None },
        }
    }

    /// Whether Java finds a maximum length in the form of the node, which it asks of what looks behind.
    ///
    /// It takes a repeated single character for bounded, and everything else that is repeated without an end not.
    pub fn has_obvious_maximum(&self) -> bool {
        match self {
            Self::Empty | Self::Set(_) | Self::Look { .. } | Self::Assert(_) => true,
            Self::Concat(nodes) | Self::Alternate(nodes) => nodes.iter().all(Self::has_obvious_maximum),
            Self::Repeat { node, max, .. } => {
                matches!(**node, Self::Set(_)) || max.is_some() && node.has_obvious_maximum()
            }
            Self::Group { node, .. } | Self::Atomic(node) => node.has_obvious_maximum(),
            Self::Backreference { .. } => false,
        }
    }
}
