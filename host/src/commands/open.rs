//! `casemate open`: decrypts a result that was kept sealed.

use std::path::PathBuf;

use super::results::OutputArgs;
use crate::error::Result;
use crate::files::Keys;
use crate::sealed;

const AFTER_HELP: &str = "\
Examples:
  casemate open result.sealed --keys keys.json
  casemate open result.sealed --keys keys.json --format parquet -o result.parquet

The file is one that `casemate sql --sealed` wrote with the same keys file. A file that was cut, reordered or altered is
refused, and nothing takes the name of the output file.";

/// Arguments of `casemate open`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The sealed result
    file: PathBuf,
    /// The keys file that the query was sent with
    #[arg(long, value_name = "FILE")]
    keys: PathBuf,
    #[command(flatten)]
    output: OutputArgs,
}

/// Runs the command.
pub(crate) async fn run(args: Args) -> Result<()> {
    let keys = Keys::load(&args.keys)?;
    let items = sealed::open(&args.file, &keys.result_key)?;
    let destination = args.output.destination()?;
    args.output.write(destination, items).await
}
