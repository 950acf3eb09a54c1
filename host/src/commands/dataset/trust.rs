//! `casemate dataset trust`: which tables the owner of a keys file accepts.

use std::path::PathBuf;

use casemate_wire::data_policy::Allowed;

use crate::commands::tables::TableArgs;
use crate::error::Result;
use crate::files::Keys;

const AFTER_HELP: &str = "\
Examples:
  casemate dataset trust keys.json                                      shows what is accepted
  casemate dataset trust keys.json --signer p384:03ab..                 accepts what that key has signed
  casemate dataset trust keys.json --minimum-version lake/sales=7
  casemate dataset trust keys.json --allow-plaintext weather.csv --allow-unsigned weather.csv

What is said here holds for every session of this keys file; the same options of `casemate sql` hold for one. A minimum
version only rises, and a dataset that has one is never read without its manifest.";

/// Arguments of `casemate dataset trust`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The keys file
    #[arg(default_value = "keys.json")]
    file: PathBuf,
    #[command(flatten)]
    tables: TableArgs,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut keys = Keys::load(&args.file)?;
    if !args.tables.is_empty() {
        args.tables.apply(&mut keys.data_policy)?;
        keys.save(&args.file, true)?;
    }
    println!("signer     {} (this keys file's own)", keys.identity.public());
    keys.data_policy.signers.iter().for_each(|signer| println!("signer     {signer}"));
    keys.data_policy.minimum_versions.iter().for_each(|(name, version)| println!("minimum    {name} {version}"));
    show("plaintext", &keys.data_policy.plaintext);
    show("unsigned ", &keys.data_policy.unsigned);
    Ok(())
}

fn show(what: &str, allowed: &Allowed) {
    match allowed {
        Allowed::All => println!("{what}  all"),
        Allowed::Named(names) => names.iter().for_each(|name| println!("{what}  {name}")),
    }
}
