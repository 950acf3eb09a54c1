//! `casemate dataset`: tables on the side of whoever owns them.

mod inspect;
mod seal;
mod sign;
mod trust;
mod verify;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use clap::Subcommand;

use crate::dataset::DatasetError;
use crate::error::{HostError, Result};

const AFTER_HELP: &str = "\
Examples:
  casemate dataset seal people.csv people --keys keys.json     CSV to an encrypted table with its manifest
  casemate dataset sign lake/sales --keys keys.json            a manifest for what a Spark job has written
  casemate dataset inspect people --keys keys.json             what is encrypted, and under which keys
  casemate dataset verify people --keys keys.json              compare everything with the manifest
  casemate dataset trust keys.json --signer p384:03ab..        accept what a colleague has signed

An engine reads a table only if it is encrypted and its manifest is signed by a key that the client trusts: its own, and
those that the keys file names. What else it may read is said with --allow-plaintext and --allow-unsigned.";

/// Arguments of `casemate dataset`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Turn CSV, JSON or plain Parquet into an encrypted table with its manifest
    Seal(Box<seal::Args>),
    /// Sign the files of a table as they are
    Sign(sign::Args),
    /// Show what a table consists of, what is encrypted, and under which keys
    Inspect(inspect::Args),
    /// Compare a table with its manifest: signature, files, every byte
    Verify(verify::Args),
    /// Say in a keys file which tables its owner accepts
    Trust(trust::Args),
}

/// How long an interrupted command is waited for, so that what it left half done is removed.
const CLEANUP: Duration = Duration::from_secs(5);

/// Runs the command. When its future is dropped, the work stops and takes half-written files with it.
pub(crate) async fn run(args: Args) -> Result<()> {
    let stop = Stop::default();
    let (running, ended) = channel::<()>();
    let _stop_on_drop = StopOnDrop { stop: stop.clone(), ended };
    let work = tokio::task::spawn_blocking(move || {
        let _running = running;
        match args.action {
            Action::Seal(args) => seal::run(*args, &stop),
            Action::Sign(args) => sign::run(args, &stop),
            Action::Inspect(args) => inspect::run(&args, &stop),
            Action::Verify(args) => verify::run(&args, &stop),
            Action::Trust(args) => trust::run(&args),
        }
    });
    work.await.map_err(|error| HostError::Process(error.to_string()))?
}

/// Set when the work is to stop.
#[derive(Clone, Default)]
struct Stop(Arc<AtomicBool>);

impl Stop {
    /// An error once the work is to stop.
    fn check(&self) -> std::result::Result<(), DatasetError> {
        if self.0.load(Ordering::Relaxed) { Err(DatasetError::Interrupted) } else { Ok(()) }
    }
}

struct StopOnDrop {
    stop: Stop,
    /// Nothing is ever sent: the other end goes when the work has ended.
    ended: Receiver<()>,
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.stop.0.store(true, Ordering::Relaxed);
        let _ended = self.ended.recv_timeout(CLEANUP);
    }
}
