//! All statement files below `differential/statements` against the answers of a real Spark 3.2.0 that lie beside them.
//!
//! A query whose answer differs must be listed with its reason in `differential/known-differences.tsv`, and a listed one
//! that comes to agree must be taken off. Environment variables:
//!
//! - `CASEMATE_STATEMENTS=strings/pad,joins` runs only the files whose names start so;
//! - `CASEMATE_KNOWN_DIFFERENCES=write` rewrites the list from the run. Wrong answers are listed too: look at what comes up
//!   under `wrong:`.

use std::collections::BTreeSet;
use std::env;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use object_store::ObjectStore;
use spark_compat::{SparkError, SparkSession};
use spark_differential::answer::{Outcome, Refusal, Table};
use spark_differential::known::KnownDifferences;
use spark_differential::run::{Judged, report};
use spark_differential::suite::{Case, statement_files};

use crate::support::{files_of_statements, session_over};

/// How long one statement may take, its setup included.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Complaints that are shown in full; of more than these the first line is.
const MAX_SHOWN: usize = 50;

/// Statements nest deep, and unoptimised code has large frames.
const STACK_BYTES: usize = 16 << 20;

#[test]
fn statements_answer_as_spark_does() {
    let workers = std::thread::available_parallelism().map_or(2, |n| n.get()).max(2);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers + 1)
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build()
        .unwrap();
    let judged = runtime.block_on(judge_all(workers));
    // A statement that never yields keeps its thread: it is not waited for.
    runtime.shutdown_background();

    println!("{}", report(&judged));
    let known_path = differential().join("known-differences.tsv");
    let mut known = KnownDifferences::parse(&std::fs::read_to_string(&known_path).unwrap()).unwrap();
    if env::var("CASEMATE_KNOWN_DIFFERENCES").is_ok_and(|value| value == "write") {
        forget_removed(&judged, &mut known);
        judged.iter().for_each(|judged| known.record(&judged.query.id, &judged.verdict));
        std::fs::write(known_path, known.text()).unwrap();
        return;
    }
    let complaints = complaints(&judged, &known);
    let more = complaints.iter().skip(MAX_SHOWN).filter_map(|complaint| complaint.lines().next());
    let more: Vec<_> = more.map(|first| format!("\n{first}")).collect();
    let shown = complaints[..complaints.len().min(MAX_SHOWN)].join("\n\n");
    assert!(complaints.is_empty(), "{} complaints:\n\n{shown}\n{}", complaints.len(), more.concat());
}

async fn judge_all(jobs: usize) -> Vec<Judged> {
    let files = statement_files(&differential().join("statements")).unwrap_or_else(|error| panic!("{error}"));
    let data = files_of_statements().await;
    let mut work = Vec::new();
    for file in files.iter().filter(|file| is_selected(&file.file.name)) {
        let setup = Arc::new(file.file.setup.clone());
        let cases = file.stored_cases().unwrap_or_else(|error| panic!("{error}"));
        work.extend(
            cases.into_iter().map(|case| judge(file.file.name.clone(), Arc::clone(&setup), case, Arc::clone(&data))),
        );
    }
    stream::iter(work).buffered(jobs).collect().await
}

async fn judge(file: String, setup: Arc<Vec<String>>, case: Case, data: Arc<dyn ObjectStore>) -> Judged {
    let query = case.query.text.clone();
    // A task of its own: a panic is the answer to this query alone, and a thread that is kept busy does not stop the clock.
    let task = tokio::spawn(async move { answer(data, &setup, &query).await });
    let here = match tokio::time::timeout(TIME_LIMIT, task).await {
        Ok(Ok(Ok(table))) => Outcome::Table(table),
        Ok(Ok(Err(error))) => Outcome::Refusal(Refusal::new(error.kind.name(), error.message)),
        Ok(Err(panic)) => Outcome::Refusal(Refusal::new("internal", panic.to_string())),
        Err(_) => Outcome::Refusal(Refusal::new("timeout", format!("no answer within {TIME_LIMIT:?}"))),
    };
    Judged::new(file, case.query, case.expected, here)
}

async fn answer(data: Arc<dyn ObjectStore>, setup: &[String], query: &str) -> Result<Table, SparkError> {
    let session = session_over(data, |options| options);
    for statement in setup {
        session.execute_script(statement).await?;
    }
    last_table(&session, query).await
}

async fn last_table(session: &SparkSession, query: &str) -> Result<Table, SparkError> {
    let mut table = Table::default();
    for statement in session.parse(query)? {
        let results = session.prepare(&statement).await?.execute().await?;
        let schema = results.schema();
        let batches: Vec<_> = results.try_collect().await?;
        table = Table::of(&schema, &batches).map_err(|error| SparkError::internal(error.to_string()))?;
    }
    Ok(table)
}

/// What a person must see to: new differences, and listed ones that are gone.
fn complaints(judged: &[Judged], known: &KnownDifferences) -> Vec<String> {
    let mut complaints = Vec::new();
    for judged in judged {
        let id = &judged.query.id;
        match (judged.verdict.difference(), known.reason(id)) {
            (Some(_), None) => complaints.push(judged.to_string()),
            (None, Some(reason)) => complaints.push(format!(
                "{id} agrees with Spark now: take it off known-differences.tsv ({reason})\n  {}",
                judged.query.text
            )),
            _ => {}
        }
    }
    let removed = removed(judged, known);
    complaints.extend(removed.into_iter().map(|id| format!("{id} is listed in known-differences.tsv and is no query")));
    complaints
}

/// The listed queries of the files that ran which are no longer there; of all files if all ran.
fn removed(judged: &[Judged], known: &KnownDifferences) -> Vec<String> {
    let there: BTreeSet<&str> = judged.iter().map(|judged| judged.query.id.as_str()).collect();
    known.ids().filter(|id| is_selected(id) && !there.contains(id)).map(str::to_owned).collect()
}

fn forget_removed(judged: &[Judged], known: &mut KnownDifferences) {
    removed(judged, known).iter().for_each(|id| known.remove(id));
}

fn is_selected(name: &str) -> bool {
    match env::var("CASEMATE_STATEMENTS") {
        Ok(prefixes) => prefixes.split(',').any(|prefix| name.starts_with(prefix.trim())),
        Err(_) => true,
    }
}

fn differential() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("differential")
}
