//! `casemate engine`: the engine's own program under this one's name, so that the demonstration can start it as a process.

use std::ffi::OsString;
use std::process::ExitCode;

/// Arguments of `casemate engine`: those of `casemate-engine`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Passed on as they are
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Runs the engine until a signal ends it.
pub(crate) fn run(args: Args) -> ExitCode {
    let program = OsString::from("casemate engine");
    casemate_engine::cli::main_from(std::iter::once(program).chain(args.arguments))
}
