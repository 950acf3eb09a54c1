//! `casemate sql`: runs SQL and writes the result, opened or still sealed.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use casemate_wire::session::ResultItem;
use futures::{StreamExt, stream};

use super::results::OutputArgs;
use super::session::{EngineArgs, Sessions};
use crate::client::{Client, QueryStream};
use crate::error::{HostError, Result};
use crate::output::{Destination, OutputError};
use crate::progress::Progress;
use crate::sealed;

const AFTER_HELP: &str = "\
Examples:
  casemate sql -e \"SELECT * FROM parquet.\\`sales.parquet\\` LIMIT 10\"
  casemate sql --data /srv/tables -f report.sql --format csv -o report.csv
  echo \"SELECT 1\" | casemate sql
  casemate sql --connect tcp://127.0.0.1:7400 --keys keys.json --trust trust.json -f query.sql
  casemate sql --connect tcp://127.0.0.1:7400 --keys keys.json --trust trust.json --retry 60 -f query.sql
  casemate sql --connect vsock://16:5005 --keys keys.json --trust trust.json -f query.sql --sealed -o result.sealed

Statements are separated by `;` and run in one session, so that views made by one are there for the next. Table, CSV and
JSON show the result of each; Arrow and Parquet hold one result.";

/// Arguments of `casemate sql`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    output: OutputArgs,
    /// The statements to run
    #[arg(short = 'e', long = "execute", value_name = "SQL", conflicts_with = "file")]
    execute: Option<String>,
    /// A file with the statements to run; `-` is stdin
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Keep the result sealed, as it comes from the enclave, for `casemate open` to decrypt later; whether the query
    /// succeeded shows then
    #[arg(long, requires = "output", requires = "keys", conflicts_with = "format", help_heading = "Output")]
    sealed: bool,
}

/// Runs the command.
pub(crate) async fn run(args: Args) -> Result<()> {
    let sql = args.sql()?;
    let destination = if args.sealed {
        Destination::new(args.output.output.as_deref()).map_err(OutputError::Io)?
    } else {
        args.output.destination()?
    };
    let sessions = Sessions::new(&args.engine)?;
    let mut patience = sessions.patience();
    loop {
        let mut client = sessions.open_marked().await?;
        if args.sealed {
            keep_sealed(&mut client, &sessions, &sql, destination).await?;
        } else {
            let (first, answer) = match begin(&mut client, &sql).await {
                Err(error) if patience.allows(&error).await => continue,
                begun => begun?,
            };
            args.output.write(destination, stream::iter(first.map(Ok)).chain(answer.into_items())).await?;
        }
        // The answer is complete; an engine that is already gone changes nothing about it.
        let _ = client.close().await;
        return Ok(());
    }
}

/// Sends the statements and waits for the beginning of their answer. Until it has come, they may be sent again.
async fn begin<'a>(client: &'a mut Client, sql: &str) -> Result<(Option<ResultItem>, QueryStream<'a>)> {
    let mut answer = client.query(sql).await?;
    let first = answer.next().await?;
    Ok((first, answer))
}

impl Args {
    fn sql(&self) -> Result<String> {
        let sql = match (&self.execute, &self.file) {
            (Some(sql), _) => sql.clone(),
            (None, Some(path)) if path != Path::new("-") => {
                std::fs::read_to_string(path).map_err(HostError::io(format!("can't read {}", path.display())))?
            }
            (None, None) if std::io::stdin().is_terminal() => String::new(),
            _ => std::io::read_to_string(std::io::stdin()).map_err(HostError::io("can't read SQL from stdin"))?,
        };
        if sql.trim().is_empty() {
            let text = "no SQL: give it with -e \"SELECT ..\", with -f FILE, or on stdin; \
                        `casemate sql --help` shows examples";
            return Err(HostError::Usage(text.to_owned()));
        }
        Ok(sql)
    }
}

async fn keep_sealed(client: &mut Client, sessions: &Sessions, sql: &str, destination: Destination) -> Result<()> {
    let progress = Progress::start("waiting for the enclave", false);
    let result_key = &sessions.keys().result_key;
    let destination = sealed::keep(client, sql, result_key, destination, |bytes| progress.bytes(bytes)).await?;
    Ok(destination.commit().map_err(OutputError::Io)?)
}
