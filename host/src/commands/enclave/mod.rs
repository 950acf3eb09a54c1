//! `casemate enclave`: what an operator does with enclave images.

mod build;

use clap::Subcommand;

use crate::error::Result;

const AFTER_HELP: &str = "\
Examples:
  casemate enclave build --image casemate-engine --access access.json --kernel bzImage --trust trust.json
  casemate enclave build --help                        every option, and more examples";

/// Arguments of `casemate enclave`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Turn the engine into an enclave image file, and print what the hardware will measure
    Build(Box<build::Args>),
}

/// Runs the command.
pub(crate) async fn run(args: Args) -> Result<()> {
    match args.action {
        Action::Build(args) => build::run(*args).await,
    }
}
