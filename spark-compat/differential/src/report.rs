//! Counts of verdicts, per file and in total.

use std::fmt;
use std::ops::AddAssign;

use serde::Serialize;

use crate::compare::{Closeness, Verdict};

/// What became of some queries. The levels of equality include each other: `names` counts answers that are equal in
/// values, types and names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Queries.
    pub queries: usize,
    /// Queries that the reference answers.
    pub answered: usize,
    /// Of those: equal in values.
    pub values: usize,
    /// Of those: equal in types too.
    pub types: usize,
    /// Of those: equal in names too.
    pub names: usize,
    /// Of `values`: with floating point that is close and not the same.
    pub close: usize,
    /// Queries that the reference refuses.
    pub refused: usize,
    /// Of those: refused here too.
    pub both_refuse: usize,
    /// Of those: for a reason of the same kind.
    pub same_kind: usize,
    /// Queries that are not supported here.
    pub unsupported: usize,
}

impl Tally {
    /// Counts a verdict. `answered` says whether the reference answered.
    pub fn count(&mut self, answered: bool, verdict: &Verdict) {
        let one = |condition: bool| usize::from(condition);
        self.queries += 1;
        self.answered += one(answered);
        self.refused += one(!answered);
        match verdict {
            Verdict::BothAnswer { values, types, names, .. } => {
                let equal = *values != Closeness::Different;
                self.values += one(equal);
                self.close += one(*values == Closeness::Close);
                self.types += one(equal && *types);
                self.names += one(equal && *types && *names);
            }
            Verdict::BothRefuse { same_kind } => {
                self.both_refuse += 1;
                self.same_kind += one(*same_kind);
            }
            Verdict::NotSupported { .. } => self.unsupported += 1,
            Verdict::RefusedHere { .. } | Verdict::AnsweredHere { .. } => {}
        }
    }

    /// Queries whose answers are equal in everything, or that both refuse.
    pub fn equal(&self) -> usize {
        self.names + self.both_refuse
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.queries += other.queries;
        self.answered += other.answered;
        self.values += other.values;
        self.types += other.types;
        self.names += other.names;
        self.close += other.close;
        self.refused += other.refused;
        self.both_refuse += other.both_refuse;
        self.same_kind += other.same_kind;
        self.unsupported += other.unsupported;
    }
}

/// The counts of each file and of all.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// By the files' names, in order.
    pub files: Vec<(String, Tally)>,
}

impl Report {
    /// The counts of all files together.
    pub fn total(&self) -> Tally {
        let mut total = Tally::default();
        self.files.iter().for_each(|(_, tally)| total += *tally);
        total
    }
}

/// A table for people: of the queries that the reference answers, those with equal `values`, `+types`, `+names`, and those
/// that are only `close`; of its `refusals`, those that `both` refuse, and for a reason of the same `kind`; queries whose
/// constructs are `missing` here; and the part of all queries that is equal.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = ("total".to_owned(), self.total());
        let width = self.files.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).max(total.0.len());
        let header = ["answers", "values", "+types", "+names", "close", "refusals", "both", "kind", "missing", "equal"];
        write!(f, "{:width$}", "")?;
        header.iter().try_for_each(|word| write!(f, "  {word:>8}"))?;
        for (name, tally) in self.files.iter().chain([&total]) {
            write!(f, "\n{name:width$}")?;
            let t = tally;
            let counts = [t.answered, t.values, t.types, t.names, t.close, t.refused, t.both_refuse, t.same_kind];
            counts.iter().try_for_each(|count| write!(f, "  {count:>8}"))?;
            write!(f, "  {:>8}  {:>7.2}%", t.unsupported, percent(t.equal(), t.queries))?;
        }
        writeln!(f)
    }
}

/// `part` of `whole` in percent; all of nothing is 100%.
fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 { 100.0 } else { 100.0 * part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_include_each_other() {
        let mut tally = Tally::default();
        let answer = |values, types| Verdict::BothAnswer { values, types, names: true, difference: None };
        tally.count(true, &answer(Closeness::Same, true));
        tally.count(true, &answer(Closeness::Close, false));
        tally.count(true, &answer(Closeness::Different, true));
        tally.count(false, &Verdict::BothRefuse { same_kind: false });
        let expected = Tally {
            queries: 4,
            answered: 3,
            values: 2,
            types: 1,
            names: 1,
            close: 1,
            refused: 1,
            both_refuse: 1,
            ..Tally::default()
        };
        assert_eq!(tally, expected);
        let report = Report { files: vec![("a/b".into(), tally), ("a/longer".into(), tally)] };
        let text = report.to_string();
        assert!(text.lines().last().unwrap().starts_with("total"), "{text}");
        assert!(text.contains("50.00%"), "{text}");
    }
}
