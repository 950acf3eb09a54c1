//! The JSON-lines interface for test suites: one request a line in, one answer a line out, in the same order, each from a
//! fresh session over the whole sealed path.
//!
//! Request: `{"id": "cast/7", "setup": ["SET ..", ".."], "query": "SELECT .."}`. Answer: `{"id": .., "schema": [[name,
//! type]..], "rows": [[..]..]}` or `{"id": .., "error": text, "kind": word}`. [`value`](spark_differential::value) says
//! how values are written.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt, pin_mut};
use serde_json::Value as Json;
use spark_differential::answer::{Answer, Outcome, Refusal, Request, Table};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::client::Client;
use crate::error::{ExitStatus, HostError, Result};

/// The longest request.
const MAX_LINE_BYTES: u64 = 64 << 20;

/// How requests are worked on.
#[derive(Clone, Debug)]
pub struct StatementsOptions {
    /// The session time zone of every request.
    pub time_zone: String,
    /// How long one request may take.
    pub timeout: Option<Duration>,
    /// Requests worked on at once; their answers keep the order of the requests.
    pub jobs: usize,
}

/// Where requests get their sessions from.
pub trait SessionSource: Send + Sync + 'static {
    /// A new session, which knows no views and has Spark's default configuration.
    fn open(&self) -> impl Future<Output = Result<Client>> + Send;

    /// Counts how often sessions were ended by [`end_all`](Self::end_all).
    fn times_ended(&self) -> u64 {
        0
    }

    /// Called when a request took too long: an engine that is still busy with it can be ended here, if that did not
    /// happen since [`times_ended`](Self::times_ended) was `seen`. Other requests that lose their session by it are run
    /// again.
    fn end_all(&self, _seen: u64) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

/// Answers the requests of `input` until it ends. A request never ends the process: whatever goes wrong with it is its
/// answer. Errors are those of `input` and `output` themselves.
pub async fn answer_all<S: SessionSource>(
    input: impl AsyncBufRead + Unpin + Send + 'static,
    mut output: impl AsyncWrite + Unpin,
    source: Arc<S>,
    options: StatementsOptions,
) -> Result<()> {
    let jobs = options.jobs.max(1);
    let answers = lines(input).map(|line| answer_line(line, source.clone(), options.clone())).buffered(jobs);
    pin_mut!(answers);
    while let Some(answer) = answers.next().await {
        let mut line = serde_json::to_vec(&answer?)
            .map_err(|error| HostError::Io { what: "can't write an answer".to_owned(), source: error.into() })?;
        line.push(b'\n');
        output.write_all(&line).await.map_err(HostError::io("can't write an answer"))?;
        output.flush().await.map_err(HostError::io("can't write an answer"))?;
    }
    Ok(())
}

/// The lines of `input` that are not blank.
fn lines(input: impl AsyncBufRead + Unpin) -> impl Stream<Item = Result<Vec<u8>>> {
    futures::stream::try_unfold(input, |mut input| async move {
        loop {
            let mut line = Vec::new();
            let read = (&mut input).take(MAX_LINE_BYTES).read_until(b'\n', &mut line).await;
            if read.map_err(HostError::io("can't read requests"))? == 0 {
                return Ok(None);
            }
            if !line.trim_ascii().is_empty() {
                return Ok(Some((line, input)));
            }
        }
    })
}

async fn answer_line<S: SessionSource>(
    line: Result<Vec<u8>>,
    source: Arc<S>,
    options: StatementsOptions,
) -> Result<Answer> {
    let line = line?;
    let request: Request = match serde_json::from_slice(&line) {
        Ok(request) => request,
        Err(error) => {
            let refusal = Refusal::new("request", format!("not a request: {error}"));
            return Ok(Answer { id: id_of(&line), outcome: Outcome::Refusal(refusal) });
        }
    };
    let id = request.id.clone();
    Ok(Answer { id, outcome: answer_request(request, source, options).await })
}

/// Answers one request in a session of its own; whatever goes wrong is the answer.
pub async fn answer_request<S: SessionSource>(request: Request, source: Arc<S>, options: StatementsOptions) -> Outcome {
    // A task of its own: a panic while an answer is made ends that answer alone.
    let task = tokio::spawn(async move { answer(request, source.as_ref(), &options).await });
    match task.await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => Outcome::Refusal(Refusal::new(kind(&error), error.to_string())),
        Err(panic) => Outcome::Refusal(Refusal::new("internal", format!("the request broke its own task: {panic}"))),
    }
}

/// The id of a request that is none, if it has one.
fn id_of(line: &[u8]) -> Json {
    let parsed: Option<Json> = serde_json::from_slice(line).ok();
    parsed.as_ref().and_then(|json| json.get("id")).cloned().unwrap_or(Json::Null)
}

/// Runs a request, again if its session was lost to another request's timeout.
async fn answer<S: SessionSource>(request: Request, source: &S, options: &StatementsOptions) -> Result<Outcome> {
    loop {
        let seen = source.times_ended();
        let outcome = match options.timeout {
            None => run(&request, source, options).await,
            Some(limit) => {
                let work = run(&request, source, options);
                tokio::time::timeout(limit, work).await.unwrap_or(Err(HostError::Timeout(limit)))
            }
        };
        match outcome {
            Err(HostError::Timeout(limit)) => {
                source.end_all(seen).await;
                return Err(HostError::Timeout(limit));
            }
            Err(error) if error.exit_status() == ExitStatus::Connection && source.times_ended() != seen => {}
            outcome => return outcome,
        }
    }
}

async fn run<S: SessionSource>(request: &Request, source: &S, options: &StatementsOptions) -> Result<Outcome> {
    let mut client = source.open().await?;
    let set_zone = format!("SET spark.sql.session.timeZone={}", options.time_zone);
    for statement in std::iter::once(&set_zone).chain(&request.setup) {
        client.query(statement).await?.collect().await?;
    }
    let results = client.query(&request.query).await?.collect().await?;
    // The answer is complete; an engine that is already gone changes nothing about it.
    let _ = client.close().await;
    let table = match results.last() {
        Some(result) => Table::of(&result.schema, &result.batches).map_err(|error| HostError::Output(error.into()))?,
        None => Table::default(),
    };
    Ok(Outcome::Table(table))
}

/// A word for programs: the engine's for what it refused, and one for what never came to that.
fn kind(error: &HostError) -> &str {
    match error {
        HostError::Query(failure) => &failure.kind,
        HostError::Timeout(_) => "timeout",
        error if error.exit_status() == ExitStatus::Connection => "connection",
        _ => "internal",
    }
}
