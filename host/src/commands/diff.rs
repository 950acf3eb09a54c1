//! `casemate diff`: statements on both sides, and how the answers differ.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use spark_differential::answer::{Outcome, Request};
use spark_differential::known::KnownDifferences;
use spark_differential::program::{ProgramError, Programs};
use spark_differential::run::{Engine, Judged, StoredAnswers, judge_files, report};
use spark_differential::suite::{SuiteFile, statement_files};

use super::session::{EngineArgs, Sessions};
use super::statements::{parse_seconds, parse_zone, processors};
use crate::error::{HostError, Result};
use crate::progress::Progress;
use crate::statements::{StatementsOptions, answer_request};

const AFTER_HELP: &str = "\
Examples:
  casemate diff spark-compat/differential/statements --data spark-compat/differential/files
  casemate diff spark-compat/differential/statements/joins --known spark-compat/differential/known-differences.tsv
  casemate diff mine.sql --reference-command \"target/spark-3.2.0/bin/python spark-compat/differential/reference/reference.py\"
  casemate diff mine.sql --json --reference-command ./ask-spark | jq .total

In a statement file each statement ends with `;` at the end of a line. `--SET key=value` lines are settings of the file; the
statements at its start that begin with CREATE, SET or CACHE run before each query; every other statement is compared by itself.
Without --reference-command the answers stored beside the files are the reference: those of statements/SUBJECT/NAME.sql are
answers/SUBJECT/NAME.jsonl.

The report counts, of the answers of the reference, those that are equal in values, in types too (+types), in names too
(+names), and those only within 1e-12 (close); of its refusals, those refused by both, and for a reason of the same kind;
and what is missing here (not supported).";

/// The time zone of stored answers.
pub(super) const UTC: &str = "UTC";

/// Arguments of `casemate diff`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    engine: EngineArgs,
    /// Statement files, or directories of them
    #[arg(value_name = "STATEMENTS", required = true)]
    paths: Vec<PathBuf>,
    /// A shell command that answers as `casemate statements` does, for example a real Spark [default: the stored answers]
    #[arg(long, value_name = "CMD")]
    reference_command: Option<String>,
    /// Statements worked on at once, and processes of the reference command [default: 1 with a reference command, otherwise one
    /// for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// The session time zone of both sides [default: UTC, as in stored answers]
    #[arg(long, value_name = "ZONE", value_parser = parse_zone, requires = "reference_command")]
    time_zone: Option<String>,
    /// How long one statement may take on this side
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds, default_value = "60")]
    timeout: Duration,
    /// A list of known differences (id, tab, reason), which are counted and not complained of
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// Write one JSON object: counts per file and in total, and every difference with both answers
    #[arg(long)]
    json: bool,
}

/// This side: a session over the sealed path for each request.
pub(super) struct Here {
    sessions: Arc<Sessions>,
    options: StatementsOptions,
}

impl Here {
    /// Starts or reaches the engine.
    pub(super) async fn start(engine: &EngineArgs, time_zone: &str, timeout: Duration, jobs: usize) -> Result<Self> {
        let sessions = Sessions::isolated(engine).await?;
        // Marked once, before the first answer, and not for every session.
        sessions.open_marked().await?.close().await?;
        let options = StatementsOptions { time_zone: time_zone.to_owned(), timeout: Some(timeout), jobs };
        Ok(Self { sessions: Arc::new(sessions), options })
    }
}

impl Engine for Here {
    async fn ask(&self, request: Request) -> std::result::Result<Outcome, ProgramError> {
        Ok(answer_request(request, Arc::clone(&self.sessions), self.options.clone()).await)
    }
}

/// Runs the command.
pub(crate) async fn run(args: Args) -> Result<()> {
    let mut files = Vec::new();
    for path in &args.paths {
        files.extend(statement_files(path)?);
    }
    let known = args.known()?;
    let judged = match &args.reference_command {
        Some(command) => {
            let zone = args.time_zone.as_deref().unwrap_or(UTC);
            files
                .iter_mut()
                .for_each(|file| file.file.setup.insert(0, format!("SET spark.sql.session.timeZone={zone}")));
            let jobs = args.jobs.map_or(1, usize::from);
            args.judge(&files, &Programs::new(command, jobs), jobs).await?
        }
        None => {
            let stored = StoredAnswers::beside(&files)?;
            args.judge(&files, &stored, args.jobs.map_or_else(processors, usize::from)).await?
        }
    };
    let differing: Vec<_> = judged.iter().filter(|judged| !judged.verdict.is_equal()).collect();
    if args.json {
        print_json(&judged, &differing, &known)
    } else {
        print_text(&judged, &differing, &known)
    }
    let differing = differing.iter().filter(|judged| known.reason(&judged.query.id).is_none()).count();
    if differing == 0 { Ok(()) } else { Err(HostError::Differing { differing, queries: judged.len() }) }
}

impl Args {
    fn known(&self) -> Result<KnownDifferences> {
        let Some(path) = &self.known else { return Ok(KnownDifferences::default()) };
        let failed = || format!("can't read {}", path.display());
        let text = std::fs::read_to_string(path).map_err(HostError::io(failed()))?;
        KnownDifferences::parse(&text).map_err(|error| HostError::io(failed())(std::io::Error::other(error)))
    }

    async fn judge(&self, files: &[SuiteFile], reference: &impl Engine, jobs: usize) -> Result<Vec<Judged>> {
        let zone = self.time_zone.as_deref().unwrap_or(UTC);
        let here = Here::start(&self.engine, zone, self.timeout, jobs).await?;
        let progress = Progress::start("asking both sides", false);
        let of = files.iter().map(|file| file.file.queries.len()).sum();
        let (mut done, mut differing) = (0, 0);
        let judged = judge_files(files, reference, &here, jobs, |judged| {
            done += 1;
            differing += usize::from(!judged.verdict.is_equal());
            progress.judged(done, of, differing);
        });
        Ok(judged.await?)
    }
}

/// The differences that are not known, one below the other, and the counts.
fn print_text(judged: &[Judged], differing: &[&Judged], known: &KnownDifferences) {
    for judged in differing.iter().filter(|judged| known.reason(&judged.query.id).is_none()) {
        println!("{judged}");
    }
    print!("{}", report(judged));
}

fn print_json(judged: &[Judged], differing: &[&Judged], known: &KnownDifferences) {
    let report = report(judged);
    let files: Vec<_> = report.files.iter().map(|(name, tally)| json!({ "name": name, "counts": tally })).collect();
    let differences: Vec<_> = differing
        .iter()
        .map(|judged| {
            json!({
                "id": judged.query.id,
                "query": judged.query.text,
                "difference": judged.verdict.difference(),
                "reference": judged.reference,
                "here": judged.here,
                "known": known.reason(&judged.query.id),
            })
        })
        .collect();
    println!("{}", json!({ "files": files, "total": report.total(), "differences": differences }));
}
