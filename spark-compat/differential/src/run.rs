//! Runs statements on two engines and judges the answers.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;

use futures::stream::{self, StreamExt, TryStreamExt};

use crate::answer::{Outcome, Request, Table};
use crate::compare::{Verdict, compare};
use crate::program::ProgramError;
use crate::report::{Report, Tally};
use crate::statement_file::Query;
use crate::suite::{SuiteError, SuiteFile};

/// Rows of an answer that are shown.
const SHOWN_ROWS: usize = 20;

/// Something that answers queries.
pub trait Engine {
    /// Answers one request; what it has against the query is an [`Outcome`], and only that it is gone is an error.
    fn ask(&self, request: Request) -> impl Future<Output = Result<Outcome, ProgramError>> + Send;
}

/// Answers that were given before.
#[derive(Debug)]
pub struct StoredAnswers {
    by_id: HashMap<String, Outcome>,
}

/// A query, both answers, and how they differ.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The name of the query's file.
    pub file: String,
    /// The query.
    pub query: Query,
    /// The reference's answer.
    pub reference: Outcome,
    /// The answer of the engine that is judged.
    pub here: Outcome,
    /// How they differ.
    pub verdict: Verdict,
}

impl StoredAnswers {
    /// The answers that lie beside these files.
    pub fn beside(files: &[SuiteFile]) -> Result<Self, SuiteError> {
        let mut by_id = HashMap::new();
        for file in files {
            by_id.extend(file.stored_cases()?.into_iter().map(|case| (case.query.id, case.expected)));
        }
        Ok(Self { by_id })
    }
}

impl Engine for StoredAnswers {
    async fn ask(&self, request: Request) -> Result<Outcome, ProgramError> {
        // Every query of the files has an answer: `stored_cases` saw to it.
        let stored = request.id.as_str().and_then(|id| self.by_id.get(id)).cloned();
        Ok(stored.unwrap_or_else(|| Outcome::Table(Table::default())))
    }
}

impl Judged {
    /// Compares two answers.
    pub fn new(file: impl Into<String>, query: Query, reference: Outcome, here: Outcome) -> Self {
        let verdict = compare(&query.text, &reference, &here);
        Self { file: file.into(), query, reference, here, verdict }
    }
}

/// The query and both answers, one above the other; first what differs first.
impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.query.id)?;
        self.query.text.lines().try_for_each(|line| writeln!(f, "  | {line}"))?;
        writeln!(f, "  {}", self.verdict.difference().unwrap_or_else(|| "equal".to_owned()))?;
        write_outcome(f, "Spark", &self.reference)?;
        write_outcome(f, "here", &self.here)
    }
}

fn write_outcome(f: &mut fmt::Formatter<'_>, side: &str, outcome: &Outcome) -> fmt::Result {
    write!(f, "  {side:>5}: ")?;
    match outcome {
        Outcome::Refusal(refusal) => writeln!(f, "{}: {}", refusal.kind(), refusal.headline()),
        Outcome::Table(table) => {
            let columns: Vec<_> = table.schema.iter().map(|(name, data_type)| format!("{name} {data_type}")).collect();
            writeln!(f, "{}", columns.join(" | "))?;
            for row in table.rows.iter().take(SHOWN_ROWS) {
                let cells: Vec<_> = row.iter().map(ToString::to_string).collect();
                writeln!(f, "         {}", cells.join(" | "))?;
            }
            match table.rows.len().checked_sub(SHOWN_ROWS) {
                Some(more @ 1..) => writeln!(f, "         and {more} more rows"),
                _ => Ok(()),
            }
        }
    }
}

/// Asks both engines every query of the files, `jobs` at once, and judges the answers in the order of the queries. `each`
/// hears of every verdict as it comes.
pub async fn judge_files(
    files: &[SuiteFile],
    reference: &impl Engine,
    here: &impl Engine,
    jobs: usize,
    mut each: impl FnMut(&Judged),
) -> Result<Vec<Judged>, ProgramError> {
    let queries = files.iter().flat_map(|file| file.file.queries.iter().map(move |query| (&file.file, query)));
    let work = queries.map(|(file, query)| async move {
        let request = Request { id: query.id.as_str().into(), setup: file.setup.clone(), query: query.text.clone() };
        let (reference, here) = futures::join!(reference.ask(request.clone()), here.ask(request));
        Ok::<_, ProgramError>(Judged::new(&file.name, query.clone(), reference?, here?))
    });
    stream::iter(work).buffered(jobs.max(1)).inspect_ok(|judged| each(judged)).try_collect().await
}

/// Counts verdicts, by file.
pub fn report(judged: &[Judged]) -> Report {
    let mut report = Report::default();
    for judged in judged {
        if report.files.last().is_none_or(|(name, _)| *name != judged.file) {
            report.files.push((judged.file.clone(), Tally::default()));
        }
        if let Some((_, tally)) = report.files.last_mut() {
            tally.count(matches!(judged.reference, Outcome::Table(_)), &judged.verdict);
        }
    }
    report
}
