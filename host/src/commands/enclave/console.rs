//! `casemate enclave console`: what an enclave in debug mode prints.

use super::running::{NitroCliArgs, find};
use crate::error::{HostError, Result};

const AFTER_HELP: &str = "\
Examples:
  casemate enclave console                             of the only enclave that runs
  casemate enclave console casemate

It ends with the enclave, or with Ctrl-C. Only an enclave in debug mode has a console, and no client accepts such a one:
use it to see why an image does not boot.";

/// Arguments of `casemate enclave console`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Its name, id or context id [default: the only one that runs]
    enclave: Option<String>,
    #[command(flatten)]
    nitro_cli: NitroCliArgs,
}

/// Runs the command.
pub(crate) async fn run(args: Args) -> Result<()> {
    let nitro_cli = args.nitro_cli.program();
    let enclave = find(&nitro_cli, args.enclave.as_deref()).await?;
    if !enclave.is_debug() {
        return Err(HostError::Lifecycle(format!(
            "{} does not run in debug mode, so it has no console, as it should be: to look inside its image, start that \
             with --debug-mode and without real keys",
            enclave.id
        )));
    }
    Ok(nitro_cli.console(&enclave.id).await?)
}
