//! `casemate fuzz`: random statements on both sides, and small ones that show what differs.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::BuildHasher;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use spark_differential::answer::{Outcome, Request, StoredAnswer};
use spark_differential::fuzz::{Fuzzer, Shapes, Specimen, is_finding, shrink};
use spark_differential::program::{ProgramError, Programs};
use spark_differential::run::{Engine, Judged, report};

use super::diff::{Here, UTC};
use super::session::EngineArgs;
use super::statements::{parse_seconds, processors};
use crate::error::{HostError, Result};
use crate::progress::Progress;

const AFTER_HELP: &str = "\
Examples:
  casemate fuzz --reference-command \"target/spark-3.2.0/bin/python spark-compat/differential/reference/reference.py\"
  casemate fuzz --scalars --time 1800 --reference-command ./ask-spark
  casemate fuzz --seed 7 --time 600 --jobs 2 --out found --reference-command ./ask-spark
  casemate diff found/statements

Statements are made from a list of expressions over tables with all types, edge values, NULLs and skewed keys; the same seed
makes the same ones. Expressions that are not supported here are left out from the start. A statement whose answers differ is
made smaller as long as they differ in the same way, and is written with the reference's answer: OUT/statements/fuzz/NAME.sql
and OUT/answers/fuzz/NAME.jsonl.";

/// Breakdowns of the reference in a row after which there is no point in going on.
const MAX_BREAKDOWNS: usize = 3;

/// Arguments of `casemate fuzz`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    engine: EngineArgs,
    /// A shell command that answers as `casemate statements` does, for example a real Spark
    #[arg(long, value_name = "CMD")]
    reference_command: String,
    /// Which statements are made [default: another seed each time]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Make scalar expressions only, no joins, groups, windows, set operations or subqueries
    #[arg(long)]
    scalars: bool,
    /// How long statements are made; the one under way is finished
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds, default_value = "60")]
    time: Duration,
    /// How many statements are made at most
    #[arg(long, value_name = "N")]
    statements: Option<usize>,
    /// Statements worked on at once, and processes of the reference command
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256), default_value = "1")]
    jobs: u16,
    /// How long one statement may take on this side
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds, default_value = "30")]
    timeout: Duration,
    /// The directory that statements with differences are written to
    #[arg(long, value_name = "DIR", default_value = "fuzz-found")]
    out: PathBuf,
}

/// Runs the command.
pub(crate) async fn run(args: Args) -> Result<()> {
    let jobs = usize::from(args.jobs);
    let here = Here::start(&args.engine, UTC, args.timeout, jobs).await?;
    let reference = Programs::new(&args.reference_command, jobs);
    let seed = args.seed.unwrap_or_else(|| RandomState::new().hash_one(()) >> 32);
    let shapes = if args.scalars { Shapes::Scalars } else { Shapes::All };
    let mut fuzzer = Fuzzer::new(seed).with_shapes(shapes);
    let left_out = leave_out_unsupported(&mut fuzzer, &here).await?;
    eprintln!("seed {seed}; {} expressions, {left_out} of them not supported here", fuzzer.lines().len() + left_out);

    let until = Instant::now() + args.time;
    let progress = Progress::start("asking both sides", false);
    let (mut all, mut found, mut breakdowns) = (Vec::new(), HashSet::new(), Breakdowns::default());
    let most = args.statements.unwrap_or(usize::MAX);
    while Instant::now() < until && all.len() < most {
        let specimens: Vec<Specimen> = fuzzer.by_ref().take(jobs.min(most - all.len())).collect();
        let judged =
            futures::future::join_all(specimens.iter().map(|specimen| specimen.judge(&reference, &here))).await;
        for (specimen, judged) in specimens.into_iter().zip(judged) {
            let Some(judged) = breakdowns.survived(judged)? else { continue };
            if is_finding(&judged.verdict) {
                let shrunk = shrink(specimen.clone(), judged.clone(), &reference, &here).await;
                let (small, judged) = breakdowns.survived(shrunk)?.unwrap_or((specimen, judged.clone()));
                let lines = small.lines();
                if found.insert(lines.clone()) {
                    println!("{judged}");
                    write(&args.out, &small, &judged)?;
                }
                // What one expression alone shows is shown; others may be found now.
                if let [line] = lines[..] {
                    fuzzer.leave_out(line);
                }
            }
            all.push(judged);
        }
        progress.judged(all.len(), all.len(), found.len());
    }
    drop(progress);
    all.iter_mut().for_each(|judged| judged.file = "fuzz".to_owned());
    print!("{}", report(&all));
    if breakdowns.all > 0 {
        println!("the reference failed {} times", breakdowns.all);
    }
    if found.is_empty() { Ok(()) } else { Err(HostError::Differing { differing: found.len(), queries: all.len() }) }
}

/// How often the reference broke down, one time after the other: a random statement can end a real Spark's process; the next one
/// finds a new process.
#[derive(Debug, Default)]
struct Breakdowns {
    in_a_row: usize,
    all: usize,
}

impl Breakdowns {
    /// What the reference answered, or `None` where it broke down; an error where it keeps doing so.
    fn survived<T>(&mut self, answered: std::result::Result<T, ProgramError>) -> Result<Option<T>> {
        match answered {
            Ok(answered) => {
                self.in_a_row = 0;
                Ok(Some(answered))
            }
            Err(error) if self.in_a_row < MAX_BREAKDOWNS => {
                self.in_a_row += 1;
                self.all += 1;
                eprintln!("the reference broke down and is started anew: {error}");
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Takes off the list what this side says it does not support, and counts the expressions that went.
async fn leave_out_unsupported(fuzzer: &mut Fuzzer, here: &Here) -> Result<usize> {
    let all = fuzzer.lines().len();
    for name in unsupported(fuzzer.types(), here).await? {
        fuzzer.leave_out_type(name);
    }
    let lines = fuzzer.lines().into_iter().map(|(line, specimen)| (line, specimen.request()));
    for line in unsupported(lines.collect(), here).await? {
        fuzzer.leave_out(line);
    }
    Ok(all - fuzzer.lines().len())
}

/// The names whose requests ask for something that is not supported.
async fn unsupported(requests: Vec<(&'static str, Request)>, here: &Here) -> Result<Vec<&'static str>> {
    let answers = requests.into_iter().map(|(name, request)| async move { (name, here.ask(request).await) });
    let mut answers = stream::iter(answers).buffered(processors());
    let mut names = Vec::new();
    while let Some((name, answer)) = answers.next().await {
        if is_unsupported(&answer?) {
            names.push(name);
        }
    }
    Ok(names)
}

fn is_unsupported(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Refusal(refusal) if refusal.kind() == "unsupported")
}

/// Writes a statement file and the reference's answer.
fn write(out: &Path, specimen: &Specimen, judged: &Judged) -> Result<()> {
    let answer = StoredAnswer {
        id: judged.query.id.clone(),
        query: judged.query.text.clone(),
        outcome: judged.reference.clone(),
    };
    let answer =
        serde_json::to_string(&answer).map_err(|error| HostError::io("can't write an answer")(error.into()))?;
    for (folder, extension, text) in
        [("statements", "sql", specimen.file()), ("answers", "jsonl", format!("{answer}\n"))]
    {
        let path = out.join(folder).join(format!("{}.{extension}", specimen.name()));
        let failed = || format!("can't write {}", path.display());
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(HostError::io(failed()))?;
        }
        fs::write(&path, text).map_err(HostError::io(failed()))?;
    }
    Ok(())
}
