//! `casemate trust`: makes the file that says which enclaves a client accepts.

use std::collections::BTreeMap;
use std::path::PathBuf;

use casemate_wire::access_file::policy_hash;
use casemate_wire::trust_file::PcrSetEntry;
use clap::Subcommand;

use crate::error::{HostError, Result};
use crate::files::{
    DEFAULT_MAX_AGE_SECONDS, TrustOptions, load_access, new_trust, pcr_set_from_measurements, save_trust,
};

const AFTER_HELP: &str = "\
Examples:
  nitro-cli build-enclave .. > build.json
  casemate trust new --measurements build.json            accepts that image, in trust.json
  casemate trust new --measurements build.json --measurements next.json   two images, during a rollout
  casemate trust new prod.json --pcr 0=ab12.. --pcr 1=.. --pcr 2=.. --access access.json

The file is JSON: \"roots\" (here \"aws-nitro\", whose certificate is pinned in the program), \"pcr_sets\" (name and PCRs of
each accepted image), \"max_age_seconds\" and \"policy_hashes\" (the access files that the engine may have; none is any).
A simulated engine writes its own trust file (`casemate-engine --simulated-trust-out FILE`).";

/// Arguments of `casemate trust`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a trust file for enclaves on AWS Nitro
    New(NewArgs),
}

#[derive(Debug, clap::Args)]
struct NewArgs {
    /// Where to write it
    #[arg(default_value = "trust.json")]
    file: PathBuf,
    /// What `nitro-cli build-enclave` printed for an accepted image; may be repeated
    #[arg(long, value_name = "FILE", required_unless_present = "pcr")]
    measurements: Vec<PathBuf>,
    /// A PCR of an accepted image, as INDEX=HEX; PCR 0, 1 and 2 are needed
    #[arg(long, value_name = "INDEX=HEX", value_parser = parse_pcr)]
    pcr: Vec<(u8, String)>,
    /// The oldest attestation document to accept, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_MAX_AGE_SECONDS)]
    max_age: u64,
    /// Accept engines with this access file only; may be repeated
    #[arg(long, value_name = "FILE")]
    access: Vec<PathBuf>,
    /// Replace a file that is there already
    #[arg(long)]
    force: bool,
}

fn parse_pcr(text: &str) -> std::result::Result<(u8, String), String> {
    let (index, value) = text.split_once('=').ok_or("write INDEX=HEX, for example 0=ab12..")?;
    let index = index.parse().ok().filter(|index| *index < 32).ok_or("the index of a PCR is a number from 0 to 31")?;
    Ok((index, value.to_owned()))
}

/// Runs the command.
pub(crate) fn run(args: Args) -> Result<()> {
    let Action::New(args) = args.action;
    let mut pcr_sets = Vec::new();
    for path in &args.measurements {
        pcr_sets.push(pcr_set_from_measurements(path.display().to_string(), path)?);
    }
    if !args.pcr.is_empty() {
        let pcrs: BTreeMap<u8, String> = args.pcr.iter().cloned().collect();
        if pcrs.len() < args.pcr.len() {
            return Err(HostError::Usage("a PCR is given twice with --pcr".to_owned()));
        }
        pcr_sets.push(PcrSetEntry { name: "command line".to_owned(), pcrs });
    }
    let mut policy_hashes = Vec::new();
    for path in &args.access {
        policy_hashes.push(hex::encode(policy_hash(&load_access(path)?.1)));
    }
    let file = new_trust(TrustOptions { pcr_sets, max_age_seconds: args.max_age, policy_hashes })?;
    save_trust(&file, &args.file, args.force)?;
    eprintln!("wrote {}: accepts {} image(s) under the AWS Nitro root", args.file.display(), file.pcr_sets.len());
    Ok(())
}
