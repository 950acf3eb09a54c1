//! `casemate statements`: answers test suites.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::BufReader;

use super::session::{EngineArgs, Sessions};
use crate::client::Client;
use crate::error::Result;
use crate::statements::{SessionSource, StatementsOptions, answer_all};
use spark_differential::value::Zone;

const AFTER_HELP: &str = "\
Examples:
  echo '{\"id\": 1, \"query\": \"SELECT 1 AS one\"}' | casemate statements --time-zone UTC
  casemate statements --data tables --timeout 30 < requests.jsonl > answers.jsonl

A request is {\"id\": .., \"setup\": [\"SET ..\", ..], \"query\": \"..\"}, one a line; \"setup\" may be left out. An answer is
{\"id\": .., \"schema\": [[name, type], ..], \"rows\": [[..], ..]} or {\"id\": .., \"error\": \"..\"}, one a line, in the order of
the requests. Every request has a fresh session.";

/// Arguments of `casemate statements`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    engine: EngineArgs,
    /// The session time zone [default: this machine's]
    #[arg(long, value_name = "ZONE", value_parser = parse_zone)]
    time_zone: Option<String>,
    /// How long one request may take
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds)]
    timeout: Option<Duration>,
    /// Requests worked on at once [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
}

pub(super) fn parse_zone(text: &str) -> std::result::Result<String, String> {
    text.parse::<Zone>().map(|_| text.to_owned()).map_err(|error| error.to_string())
}

pub(super) fn parse_seconds(text: &str) -> std::result::Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.filter(|duration| !duration.is_zero()).ok_or_else(|| "write a number of seconds above 0".to_owned())
}

/// Runs the command.
pub(crate) async fn run(args: Args) -> Result<()> {
    let sessions = Sessions::isolated(&args.engine).await?;
    // Marked once, before the first answer, and not for every session.
    sessions.open_marked().await?.close().await?;
    let options = StatementsOptions {
        time_zone: args.time_zone.or_else(|| iana_time_zone::get_timezone().ok()).unwrap_or_else(|| "UTC".to_owned()),
        timeout: args.timeout,
        jobs: args.jobs.map_or_else(processors, usize::from),
    };
    answer_all(BufReader::new(tokio::io::stdin()), tokio::io::stdout(), Arc::new(sessions), options).await
}

pub(super) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

impl SessionSource for Sessions {
    async fn open(&self) -> Result<Client> {
        Sessions::open(self).await
    }

    fn times_ended(&self) -> u64 {
        Sessions::times_ended(self)
    }

    async fn end_all(&self, seen: u64) {
        Sessions::end_all(self, seen).await;
    }
}
