//! The file of known differences: the queries whose answers differ, and why. One line each, `id TAB reason`; lines that
//! start with `#` are comments.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::compare::Verdict;

/// What the file says of itself.
const HEADER: &str = "\
# The queries whose answers differ from Spark's, and why: id, a tab, the reason. A query that differs must be listed, and
# a listed one that comes to agree must be taken off. CASEMATE_KNOWN_DIFFERENCES=write rewrites the list from a run of the
# test `sql answers`; reasons in other words than `not supported:`, `refused here:` and `wrong:` are kept.
";

/// How the reasons begin that [`KnownDifferences::record`] gives.
const GENERATED: [&str; 3] = ["not supported: ", "refused here: ", "wrong: "];

/// A longer reason helps no reader.
const MAX_REASON: usize = 240;

/// The queries that are known to differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownDifferences {
    reasons: BTreeMap<String, String>,
}

/// A line that is no known difference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("known differences, line {line}: an id, a tab and a reason are expected, and each id once")]
pub struct KnownDifferencesError {
    line: usize,
}

impl KnownDifferences {
    /// Reads the file's text.
    pub fn parse(text: &str) -> Result<Self, KnownDifferencesError> {
        let mut reasons = BTreeMap::new();
        for (at, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let error = KnownDifferencesError { line: at + 1 };
            let (id, reason) = line.split_once('\t').ok_or_else(|| error.clone())?;
            if reasons.insert(id.to_owned(), reason.to_owned()).is_some() {
                return Err(error);
            }
        }
        Ok(Self { reasons })
    }

    /// The file's text.
    pub fn text(&self) -> String {
        let mut text = HEADER.to_owned();
        for (id, reason) in &self.reasons {
            // Writing to a String can't fail.
            let _ = writeln!(text, "{id}\t{reason}");
        }
        text
    }

    /// Why a query differs, if it is known to.
    pub fn reason(&self, id: &str) -> Option<&str> {
        self.reasons.get(id).map(String::as_str)
    }

    /// All ids.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.reasons.keys().map(String::as_str)
    }

    /// Takes a query off.
    pub fn remove(&mut self, id: &str) {
        self.reasons.remove(id);
    }

    /// Takes down what became of a query. A reason that a person wrote stays as it is while the query differs.
    pub fn record(&mut self, id: &str, verdict: &Verdict) {
        let Some(difference) = verdict.difference() else {
            self.reasons.remove(id);
            return;
        };
        let written = self.reasons.get(id).is_some_and(|reason| !GENERATED.iter().any(|by| reason.starts_with(by)));
        if !written {
            let reason = match verdict {
                Verdict::NotSupported { .. } => format!("{}{difference}", GENERATED[0]),
                Verdict::RefusedHere { .. } => format!("{}{difference}", GENERATED[1]),
                _ => format!("{}{difference}", GENERATED[2]),
            };
            self.reasons.insert(id.to_owned(), one_line(&reason));
        }
    }
}

fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_REASON) {
        Some((end, _)) => format!("{}..", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Refusal;

    #[test]
    fn a_list_reads_as_it_is_written() {
        let known = KnownDifferences::parse("# comment\n\nb#2\tother\na#1\twrong: x\n").unwrap();
        assert_eq!(known.ids().collect::<Vec<_>>(), ["a#1", "b#2"]);
        assert_eq!(known.reason("b#2"), Some("other"));
        assert_eq!(KnownDifferences::parse(&known.text()), Ok(known));
        assert_eq!(KnownDifferences::parse("a").unwrap_err().line, 1);
        assert_eq!(KnownDifferences::parse("a\tx\na\ty").unwrap_err().line, 2);
    }

    #[test]
    fn generated_reasons_are_renewed_and_written_ones_stay_until_the_query_agrees() {
        let mut known = KnownDifferences::parse("a\twrong: old\nb\tby design\nc\tby design\n").unwrap();
        let unsupported = Verdict::NotSupported { here: Refusal::new("unsupported", "the\tfunction x\nmore") };
        known.record("a", &unsupported);
        known.record("b", &unsupported);
        known.record("c", &Verdict::BothRefuse { same_kind: true });
        let listed: Vec<_> = known.ids().map(|id| (id, known.reason(id).unwrap())).collect();
        assert_eq!(listed, [("a", "not supported: the function x"), ("b", "by design")]);
    }
}
