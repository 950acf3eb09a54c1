//! The backtracking machine: patterns exactly as Java matches them, in bounded steps and memory.

use super::node::{Assert, Fold, Kind, Set, contains};
use super::program::{Address, Loop, Program, Step};

/// Steps that one search may take. Java would go on for ever.
const MAX_STEPS: u64 = 50_000_000;

/// Ways back that may be open at once (24 bytes each). Java's stack would overflow much earlier.
const MAX_FRAMES: usize = 4_000_000;

/// A slot that nothing was written to.
pub(super) const UNSET: usize = usize::MAX;

/// The search took more steps or memory than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooComplex;

/// A way back.
#[derive(Clone, Copy, Debug)]
enum Frame {
    /// To go on at an address from a place.
    Branch { step: Address, at: usize },
    /// A slot as it was.
    Slot { slot: usize, was: usize },
    /// A run that may end one character earlier: between `least` and `at`.
    Shorter { step: Address, least: usize, at: usize },
    /// A run that may take one more character.
    Longer { step: Address, at: usize, left: u32 },
}

/// Searches of one program in texts.
#[derive(Debug)]
pub(super) struct Machine<'p> {
    program: &'p Program,
    words: &'p Words,
    slots: Vec<usize>,
    frames: Vec<Frame>,
    steps: u64,
}

/// What the machine knows of words.
#[derive(Debug)]
pub(super) struct Words {
    /// Letters and digits.
    pub letters: Set,
    /// Marks that take no space.
    pub marks: Set,
}

type Matched<T> = Result<T, TooComplex>;

impl<'p> Machine<'p> {
    pub fn new(program: &'p Program, words: &'p Words) -> Self {
        Self { program, words, slots: Vec::new(), frames: Vec::new(), steps: 0 }
    }

    /// The first match from `from` on; the slots tell where it and its groups are. `last` is where the match before ended.
    pub fn find(&mut self, text: &str, from: usize, last: usize) -> Matched<Option<&[usize]>> {
        self.steps = 0;
        self.slots.clear();
        self.slots.resize(self.program.slots, UNSET);
        let anchored = matches!(self.program.steps.first(), Some(Step::Assert(Assert::Start)));
        let starts = text.get(from..).unwrap_or_default().char_indices().map(|(at, _)| from + at);
        for start in starts.chain([text.len()]) {
            if anchored && start > 0 {
                break;
            }
            self.frames.clear();
            if let Some(end) = self.run(text, 0, start, last)? {
                if let Some([first, second]) = self.slots.get_mut(..2) {
                    (*first, *second) = (start, end);
                }
                return Ok(Some(&self.slots));
            }
        }
        Ok(None)
    }

    /// Runs from a step to a [`Step::Match`]: the place it is reached at. Ways back beyond it stay on the stack.
    fn run(&mut self, text: &str, step: Address, at: usize, last: usize) -> Matched<Option<usize>> {
        let base = self.frames.len();
        let (mut step, mut at) = (step, at);
        loop {
            self.steps += 1;
            if self.steps > MAX_STEPS || self.frames.len() > MAX_FRAMES {
                return Err(TooComplex);
            }
            if matches!(self.program.steps.get(step), Some(Step::Match) | None) {
                return Ok(Some(at));
            }
            (step, at) = match self.step(text, step, at, last)? {
                Some(next) => next,
                None => match self.back(text, base) {
                    Some(next) => next,
                    None => return Ok(None),
                },
            };
        }
    }

    /// The newest way back above `base`, with the slots as they were.
    fn back(&mut self, text: &str, base: usize) -> Option<(Address, usize)> {
        while self.frames.len() > base {
            match self.frames.pop()? {
                Frame::Branch { step, at } => return Some((step, at)),
                Frame::Slot { slot, was } => {
                    if let Some(slot) = self.slots.get_mut(slot) {
                        *slot = was;
                    }
                }
                Frame::Shorter { step, least, at } => {
                    let shorter = at - text.get(..at).and_then(|t| t.chars().next_back()).map_or(1, char::len_utf8);
                    if shorter > least {
                        self.frames.push(Frame::Shorter { step, least, at: shorter });
                    }
                    return Some((step, shorter));
                }
                Frame::Longer { step, at, left } => {
                    let Some(Step::Run { set, .. }) = self.program.steps.get(step) else { continue };
                    let (end, taken) = self.run_of(text, *set, at, 1);
                    if taken == 1 {
                        if left > 1 {
                            self.frames.push(Frame::Longer { step, at: end, left: left - 1 });
                        }
                        return Some((step + 1, end));
                    }
                }
            }
        }
        None
    }

    fn step(&mut self, text: &str, step: Address, at: usize, last: usize) -> Matched<Option<(Address, usize)>> {
        let Some(instruction) = self.program.steps.get(step) else { return Ok(None) };
        let next = text.get(at..).and_then(|rest| rest.chars().next());
        Ok(match instruction {
            Step::Character(wanted) => (next == Some(*wanted)).then(|| (step + 1, at + wanted.len_utf8())),
            Step::Set(set) => {
                let found = next.filter(|next| self.program.sets.get(*set).is_some_and(|set| contains(set, *next)));
                found.map(|found| (step + 1, at + found.len_utf8()))
            }
            Step::Run { set, min, max, kind } => self.start_run(text, step, at, (*set, *min, *max, *kind)),
            Step::Split(first, second) => {
                self.frames.push(Frame::Branch { step: *second, at });
                Some((*first, at))
            }
            Step::Jump(to) => Some((*to, at)),
            Step::Save(slot) => {
                self.write(*slot, at);
                Some((step + 1, at))
            }
            Step::Begin(count) => {
                self.write(*count, 0);
                Some((step + 1, at))
            }
            Step::Loop(repeat) => Some(self.head(*repeat, step, at)),
            Step::Enter(head) => match self.program.steps.get(*head) {
                Some(Step::Loop(repeat)) => Some(self.enter(*repeat, *head, at)),
                _ => None,
            },
            Step::Backreference { group, fold } => self.referenced(text, *group, *fold, at).map(|end| (step + 1, end)),
            Step::Assert(assert) => self.holds(*assert, text, at, last).then_some((step + 1, at)),
            Step::Look { negative, behind, end } => {
                let (negative, behind, end) = (*negative, *behind, *end);
                let found = match behind {
                    None => self.part(text, step + 1, at, last, None)?.is_some(),
                    Some(span) => self.behind(text, step + 1, at, last, (span.min, span.max))?,
                };
                (found != negative).then_some((end, at))
            }
            Step::Atomic { end } => {
                let end = *end;
                self.part(text, step + 1, at, last, None)?.map(|after| (end, after))
            }
            Step::Match => None,
        })
    }

    /// Matches a part by itself, and forgets its ways back. If `until` is given, the part must end there.
    fn part(
        &mut self,
        text: &str,
        step: Address,
        at: usize,
        last: usize,
        until: Option<usize>,
    ) -> Matched<Option<usize>> {
        let base = self.frames.len();
        let mut end = self.run(text, step, at, last)?;
        while let (Some(found), Some(until)) = (end, until) {
            if found == until {
                break;
            }
            end = match self.back(text, base) {
                Some((step, at)) => self.resume(text, step, at, last, base)?,
                None => None,
            };
        }
        // In Java the groups that the part set stay set, even if what follows fails; a part that fails has restored them.
        self.frames.truncate(base);
        Ok(end)
    }

    /// Goes on from a way back of a part whose ways back begin at `base`.
    fn resume(&mut self, text: &str, step: Address, at: usize, last: usize, base: usize) -> Matched<Option<usize>> {
        let (mut step, mut at) = (step, at);
        loop {
            if let Some(end) = self.run(text, step, at, last)? {
                return Ok(Some(end));
            }
            match self.back(text, base) {
                Some(next) => (step, at) = next,
                None => return Ok(None),
            }
        }
    }

    /// Whether the part matches from some place before `at`, the nearest first, to `at`.
    fn behind(
        &mut self,
        text: &str,
        step: Address,
        at: usize,
        last: usize,
        (min, max): (usize, Option<usize>),
    ) -> Matched<bool> {
        let before = text.get(..at).unwrap_or_default();
        let starts = std::iter::once(at).chain(before.char_indices().rev().map(|(start, _)| start));
        let count = max.map_or(usize::MAX, |max| max.saturating_add(1)).saturating_sub(min);
        for start in starts.skip(min).take(count) {
            if self.part(text, step, start, last, Some(at))?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn write(&mut self, slot: usize, value: usize) {
        if let Some(place) = self.slots.get_mut(slot) {
            self.frames.push(Frame::Slot { slot, was: *place });
            *place = value;
        }
    }

    fn slot(&self, slot: usize) -> usize {
        self.slots.get(slot).copied().unwrap_or(UNSET)
    }

    /// Where at most `most` characters of the set end, and how many they are.
    fn run_of(&self, text: &str, set: usize, at: usize, most: u32) -> (usize, u32) {
        let (mut end, mut count) = (at, 0);
        let Some(set) = self.program.sets.get(set) else { return (at, 0) };
        for character in text.get(at..).unwrap_or_default().chars() {
            if count == most || !contains(set, character) {
                break;
            }
            end += character.len_utf8();
            count += 1;
        }
        (end, count)
    }

    fn start_run(
        &mut self,
        text: &str,
        step: Address,
        at: usize,
        (set, min, max, kind): (usize, u32, u32, Kind),
    ) -> Option<(Address, usize)> {
        let (least, count) = self.run_of(text, set, at, min);
        if count < min {
            return None;
        }
        let left = max - min;
        if kind == Kind::Lazy {
            if left > 0 {
                self.frames.push(Frame::Longer { step, at: least, left });
            }
            return Some((step + 1, least));
        }
        let (end, taken) = self.run_of(text, set, least, left);
        self.steps += u64::from(taken);
        if kind == Kind::Greedy && end > least {
            self.frames.push(Frame::Shorter { step: step + 1, least, at: end });
        }
        Some((step + 1, end))
    }

    /// At the head of a repetition, before the first round or behind one. A round that matched nothing was the last.
    fn head(&mut self, repeat: Loop, step: Address, at: usize) -> (Address, usize) {
        let count = self.slot(repeat.count);
        if count > 0 && self.slot(repeat.start) == at {
            return (repeat.end, at);
        }
        if count < repeat.min as usize {
            return self.enter(repeat, step, at);
        }
        if count >= repeat.max as usize {
            return (repeat.end, at);
        }
        if repeat.lazy {
            self.frames.push(Frame::Branch { step: repeat.end - 1, at });
            return (repeat.end, at);
        }
        self.frames.push(Frame::Branch { step: repeat.end, at });
        self.enter(repeat, step, at)
    }

    fn enter(&mut self, repeat: Loop, head: Address, at: usize) -> (Address, usize) {
        self.write(repeat.count, self.slot(repeat.count).wrapping_add(1));
        self.write(repeat.start, at);
        (head + 1, at)
    }

    fn referenced(&self, text: &str, group: usize, fold: Fold, at: usize) -> Option<usize> {
        // A group that the pattern does not have never matches.
        if group > self.program.groups {
            return None;
        }
        let wanted = text.get(self.slot(2 * group)..self.slot(2 * group + 1))?;
        let mut rest = text.get(at..)?.chars();
        let mut end = at;
        for wanted in wanted.chars() {
            let found = rest.next()?;
            let same = match fold {
                Fold::None => found == wanted,
                Fold::Ascii => found.eq_ignore_ascii_case(&wanted),
                Fold::Unicode => found == wanted || found.to_lowercase().eq(wanted.to_lowercase()),
            };
            if !same {
                return None;
            }
            end += found.len_utf8();
        }
        Some(end)
    }

    fn holds(&self, assert: Assert, text: &str, at: usize, last: usize) -> bool {
        let (before, behind) = text.split_at_checked(at).unwrap_or((text, ""));
        let previous = before.chars().next_back();
        let next = behind.chars().next();
        match assert {
            Assert::Start => at == 0,
            Assert::End => behind.is_empty(),
            Assert::LastMatch => at == last,
            // Not at the end of the text, not even behind a line terminator.
            Assert::LineStart(unix) => {
                let pair = previous == Some('\r') && next == Some('\n') && !unix;
                next.is_some() && !pair && previous.is_none_or(|c| ends_line(c, unix))
            }
            Assert::LineEnd(unix) => {
                let pair = previous == Some('\r') && next == Some('\n') && !unix;
                !pair && next.is_none_or(|c| ends_line(c, unix))
            }
            Assert::LastLineEnd(unix) => {
                let pair = previous == Some('\r') && next == Some('\n') && !unix;
                let mut rest = behind.chars();
                match rest.next() {
                    None => true,
                    Some('\r') if !unix && behind == "\r\n" => true,
                    Some(c) => !pair && ends_line(c, unix) && rest.next().is_none(),
                }
            }
            Assert::WordBoundary => self.is_word(before, previous) != self.is_word(before, next),
            Assert::NoWordBoundary => self.is_word(before, previous) == self.is_word(before, next),
        }
    }

    /// Letters and digits of any script, `_`, and marks on letters or digits, which stand at the end of `before`.
    fn is_word(&self, before: &str, character: Option<char>) -> bool {
        let Some(character) = character else { return false };
        let letter = |c: char| match c.is_ascii() {
            true => c.is_ascii_alphanumeric(),
            false => contains(&self.words.letters, c),
        };
        if character == '_' || letter(character) {
            return true;
        }
        let mark = |c: &char| contains(&self.words.marks, *c);
        !character.is_ascii() && mark(&character) && before.chars().rev().find(|c| !mark(c)).is_some_and(letter)
    }
}

fn ends_line(character: char, unix: bool) -> bool {
    match character {
        '\n' => true,
        '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => !unix,
        _ => false,
    }
}
