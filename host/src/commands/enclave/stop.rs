//! `casemate enclave stop`: ends enclaves.

use serde_json::{Value as Json, json};

use super::running::{NitroCliArgs, find};
use crate::error::{HostError, Result};

const AFTER_HELP: &str = "\
Examples:
  casemate enclave stop                                the only enclave that runs
  casemate enclave stop casemate                       by name, id or context id
  casemate enclave stop --all

Sessions end at once, and their keys with them. An enclave that `casemate serve --enclave-image` has started is ended by
ending that: it would start it again.";

/// Arguments of `casemate enclave stop`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Its name, id or context id [default: the only one that runs]
    #[arg(conflicts_with = "all")]
    enclave: Option<String>,
    /// Every enclave of this user; for root, of all users
    #[arg(long)]
    all: bool,
    /// Print JSON: the ids of what was ended
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    nitro_cli: NitroCliArgs,
}

/// Runs the command.
pub(crate) async fn run(args: Args) -> Result<()> {
    let nitro_cli = args.nitro_cli.program();
    let enclaves = match args.all {
        true => nitro_cli.enclaves().await?,
        false => vec![find(&nitro_cli, args.enclave.as_deref()).await?],
    };
    let mut failed = None;
    let mut ended: Vec<String> = Vec::new();
    for enclave in enclaves {
        match nitro_cli.terminate(&enclave.id).await {
            Ok(()) => ended.push(enclave.id),
            // The others are ended all the same.
            Err(error) => failed = Some(error),
        }
    }
    if args.json {
        println!("{}", json!({ "ended": ended.iter().map(String::as_str).collect::<Json>() }));
    } else {
        ended.iter().for_each(|id| println!("ended        {id}"));
    }
    failed.map_or(Ok(()), |error| Err(HostError::from(error)))
}
