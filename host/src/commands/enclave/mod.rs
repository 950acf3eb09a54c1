//! `casemate enclave`: what an operator does with enclave images, and with the enclaves of a parent instance.

mod build;
mod console;
mod describe;
mod run;
mod running;
mod stop;

use clap::Subcommand;

use crate::error::Result;

pub(crate) use running::memory_mib;

const AFTER_HELP: &str = "\
Examples:
  casemate enclave build --image casemate-engine --access access.json --kernel bzImage --trust trust.json
  casemate enclave run casemate.eif --cpus 2 --memory 4GiB --cid 16
  casemate enclave describe
  casemate enclave stop casemate
  casemate enclave build --help                        every option, and more examples

run, describe, console and stop call AWS's `nitro-cli` on the parent instance. To have an enclave started again when it
dies, leave starting it to `casemate serve --enclave-image FILE`.";

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
    /// Start an enclave on this parent instance, after a look at what may stand in its way
    Run(run::Args),
    /// Show the enclaves of this parent instance, or what an image file holds
    Describe(describe::Args),
    /// Show the console of an enclave in debug mode
    Console(console::Args),
    /// End an enclave
    Stop(stop::Args),
}

/// Runs the command.
pub(crate) async fn run(args: Args) -> Result<()> {
    match args.action {
        Action::Build(args) => build::run(*args).await,
        Action::Run(args) => run::run(args).await,
        Action::Describe(args) => describe::run(args).await,
        Action::Console(args) => console::run(args).await,
        Action::Stop(args) => stop::run(args).await,
    }
}
