//! `casemate enclave build`: the engine, its access file and a kernel become an enclave image file.

use std::path::PathBuf;

use crate::error::{HostError, Result};
use crate::files::load_access;

const AFTER_HELP: &str = "\
Examples:
  casemate enclave build --engine casemate-engine --access access.json --kernel bzImage -o casemate.eif";

/// Arguments of `casemate enclave build`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The engine's binary
    #[arg(long, value_name = "FILE")]
    engine: PathBuf,
    /// The access file (JSON): which client keys may use this engine, and its limits
    #[arg(long, value_name = "FILE")]
    access: PathBuf,
    /// The kernel (bzImage)
    #[arg(long, value_name = "FILE")]
    kernel: PathBuf,
    /// Where to write the enclave image
    #[arg(short, long, value_name = "FILE", default_value = "casemate.eif")]
    output: PathBuf,
}

/// Runs the command.
pub(crate) async fn run(args: Args) -> Result<()> {
    load_access(&args.access)?;
    Err(HostError::Usage(format!(
        "{} was not written from {} and {}: enclave images can't be built yet",
        args.output.display(),
        args.engine.display(),
        args.kernel.display()
    )))
}
