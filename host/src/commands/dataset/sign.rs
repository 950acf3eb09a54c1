//! `casemate dataset sign`: a manifest for files as they are.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use casemate_wire::dataset::DatasetName;
use casemate_wire::manifest::{CHUNK_BYTES, Content, Integrity, Manifest};

use super::Stop;
use crate::dataset::{SignOptions, sign};
use crate::error::Result;
use crate::files::Keys;
use crate::progress::Progress;

const AFTER_HELP: &str = "\
Examples:
  casemate dataset sign lake/sales --keys keys.json --name lake/sales
  casemate dataset sign people.csv --keys keys.json

The manifest is put into the folder (_casemate.manifest), or beside the file. Sign again after every change: the version rises by
one, and the keys file is told to accept no older one. Encrypted Parquet whose keys are in the keys file is checked by its
footers and not read any further; other files are hashed in pieces.";

/// Arguments of `casemate dataset sign`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The folder or the file of the table
    path: PathBuf,
    /// The keys file whose identity signs
    #[arg(long, value_name = "FILE")]
    keys: PathBuf,
    /// The path below the data folder at which the table will be read [default: the folder's or file's own name]
    #[arg(long, value_name = "NAME")]
    name: Option<DatasetName>,
    /// The version [default: one more than the last]
    #[arg(long, value_name = "N")]
    version: Option<u64>,
    /// Bytes of a piece with a hash of its own, for files that encryption does not authenticate
    #[arg(long, value_name = "BYTES", default_value_t = CHUNK_BYTES)]
    chunk_bytes: u64,
}

/// Runs the command.
pub(crate) fn run(args: Args, stop: &Stop) -> Result<()> {
    let mut keys = Keys::load(&args.keys)?;
    let options = SignOptions { name: args.name, version: args.version, chunk_bytes: args.chunk_bytes };
    let progress = Progress::start("signing", false);
    let done = Cell::new(0);
    let manifest = sign(&args.path, &keys, &options, &|bytes, _| {
        done.set(done.get() + bytes);
        progress.hashed(done.get());
        stop.check()
    })?;
    drop(progress);
    report(&manifest, &mut keys, &args.keys)
}

/// Tells what was signed, and writes the version into the keys file as the lowest that its owner accepts.
pub(super) fn report(manifest: &Manifest, keys: &mut Keys, keys_file: &Path) -> Result<()> {
    let Manifest { dataset, version, .. } = manifest;
    let pinned = manifest.files().iter().filter(|file| matches!(file.integrity, Integrity::Footer(_))).count();
    let plain = manifest.files().iter().filter(|file| file.content == Content::Plain).count();
    let files = manifest.files().len();
    eprintln!(
        "signed version {version} of '{dataset}': {files} files, {pinned} checked by their footers and {} in pieces",
        files - pinned
    );
    if plain > 0 {
        eprintln!(
            "{plain} files are NOT encrypted: whoever stores them can read them (`casemate dataset seal` encrypts)"
        );
    }
    keys.data_policy.require(dataset.clone(), *version);
    keys.data_policy.check()?;
    keys.save(keys_file, true)?;
    eprintln!("{} accepts no older version of it from now on", keys_file.display());
    Ok(())
}
