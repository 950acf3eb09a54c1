//! `casemate demo`: the whole way, shown with separate processes.

use std::path::PathBuf;

use crate::demo::{self, DemoOptions};
use crate::error::{HostError, Result};

const AFTER_HELP: &str = "\
Examples:
  casemate demo                        TPC-H at scale factor 0.1, about 60 MB of encrypted tables
  casemate demo --scale-factor 1
  casemate demo --keep /tmp/demo       keeps everything that the parent saw, to look through

The parent and the engine run as processes of their own and are ended with the demonstration, as is the directory with
its files. The enclave is SIMULATED: the protocol, the verifier and the engine are the real ones, the hardware is not.";

/// Arguments of `casemate demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Size of the tables: 1 is about a gigabyte of raw data
    #[arg(long, value_name = "FACTOR", default_value_t = 0.1, value_parser = parse_scale_factor)]
    scale_factor: f64,
    /// Keep all files in this directory, which must not be there yet
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

fn parse_scale_factor(text: &str) -> std::result::Result<f64, String> {
    let factor = text.parse().ok().filter(|factor| (0.001..=100.0).contains(factor));
    factor.ok_or_else(|| "write a number from 0.001 to 100".to_owned())
}

/// Runs the command.
pub(crate) async fn run(args: Args) -> Result<()> {
    let program = std::env::current_exe().map_err(HostError::io("can't find this program's executable"))?;
    demo::run(DemoOptions { program, scale_factor: args.scale_factor, keep: args.keep }).await
}
