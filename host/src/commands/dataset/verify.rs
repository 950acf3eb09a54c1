//! `casemate dataset verify`: compares a table with its manifest.

use std::cell::Cell;
use std::path::PathBuf;

use casemate_wire::identity::ClientPublicKey;

use super::Stop;
use crate::dataset::verify;
use crate::error::{HostError, Result};
use crate::files::Keys;
use crate::progress::Progress;

const AFTER_HELP: &str = "\
Examples:
  casemate dataset verify lake/sales --keys keys.json
  casemate dataset verify lake/sales --signer p384:03ab..     without keys: hashes and footers alone

With the keys of a table every page of it is decrypted, and so authenticated. Exit code 1: something is not as it was signed.";

/// Arguments of `casemate dataset verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The folder or the file of the table
    path: PathBuf,
    /// The keys file: whose signatures count, and what decrypts
    #[arg(long, value_name = "FILE", required_unless_present = "signer")]
    keys: Option<PathBuf>,
    /// Accept a manifest that this key has signed; may be repeated
    #[arg(long, value_name = "KEY")]
    signer: Vec<ClientPublicKey>,
}

/// Runs the command.
pub(crate) fn run(args: &Args, stop: &Stop) -> Result<()> {
    let keys = args.keys.as_deref().map(Keys::load).transpose()?;
    let mut trusted = keys.as_ref().map(Keys::trusted_signers).unwrap_or_default();
    trusted.extend(args.signer.iter().cloned());
    let progress = Progress::start("verifying", false);
    let done = Cell::new(0);
    let verified = verify(&args.path, keys.as_ref(), &trusted, &|bytes, _| {
        done.set(done.get() + bytes);
        progress.hashed(done.get());
        stop.check()
    })?;
    drop(progress);
    verified.problems.iter().for_each(|problem| println!("WRONG {problem}"));
    let (dataset, version) = (&verified.manifest.dataset, verified.manifest.version);
    let files = verified.manifest.files().len();
    if !verified.problems.is_empty() {
        let wrong = verified.problems.len();
        let text = format!("{wrong} things about version {version} of '{dataset}' are not as they were signed");
        return Err(HostError::Unverified(text));
    }
    println!("version {version} of '{dataset}' is as it was signed: {files} files, {} decrypted", verified.decrypted);
    if verified.locked > 0 {
        println!("{} encrypted files were not decrypted: their keys are not in the keys file", verified.locked);
    }
    Ok(())
}
