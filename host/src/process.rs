//! Server processes started from a `casemate` executable: waited for until they listen, ended with their owner.

use std::ffi::OsString;
use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill, raise};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::error::{HostError, Result};

/// How long a process may take to say that it listens.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a process may take to end after a signal.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// A running server; killed when dropped.
pub(crate) struct Process {
    name: &'static str,
    child: Child,
    /// Kept open: a closed stdout would end the process at its next line.
    _stdout: Lines<BufReader<ChildStdout>>,
    /// Where it listens.
    pub(crate) address: String,
}

impl Process {
    /// Starts `PROGRAM ARGUMENTS` with its stderr in `log`, and waits until it listens.
    pub(crate) async fn start(name: &'static str, program: &Path, arguments: &[OsString], log: &Path) -> Result<Self> {
        let what = format!("can't start the {name}");
        let stderr = File::create(log).map_err(HostError::io(what.as_str()))?;
        let mut child = Command::new(program)
            .args(arguments)
            .env(END_WITH_STDIN, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .kill_on_drop(true)
            .spawn()
            .map_err(HostError::io(what.as_str()))?;
        let Some(stdout) = child.stdout.take() else { return Err(HostError::Process(what)) };
        let mut stdout = BufReader::new(stdout).lines();
        let line = tokio::time::timeout(START_TIMEOUT, stdout.next_line()).await;
        match line {
            Ok(Ok(Some(line))) if line.starts_with(READY) => {
                let address = line.trim_start_matches(READY).trim().to_owned();
                Ok(Self { name, child, _stdout: stdout, address })
            }
            _ => {
                let said = std::fs::read_to_string(log).unwrap_or_default();
                Err(HostError::Process(format!("the {name} did not start:\n{said}")))
            }
        }
    }

    /// Whether it still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// The process's number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id().unwrap_or(0)
    }

    /// Asks the process to end and waits until it has.
    pub(crate) async fn stop(mut self) -> Result<()> {
        let what = format!("can't stop the {}", self.name);
        // Held until it has ended: a closed stdin would be a second signal.
        let _stdin = self.child.stdin.take();
        if let Some(id) = self.child.id().and_then(|id| i32::try_from(id).ok()) {
            // It may have ended by itself in the meantime; waiting tells.
            let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
        }
        match tokio::time::timeout(STOP_TIMEOUT, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(HostError::Process(format!("the {} ended with {status}", self.name))),
            Ok(Err(error)) => Err(HostError::Io { what, source: error }),
            Err(_) => {
                Err(HostError::Process(format!("{what}: it did not end within {} seconds", STOP_TIMEOUT.as_secs())))
            }
        }
    }
}

/// What a server prints when it is ready.
const READY: &str = "listening on ";

/// Set for processes that are to end when their stdin does: when their owner is gone, however it went.
const END_WITH_STDIN: &str = "CASEMATE_END_WITH_STDIN";

/// In a process that was started by [`Process::start`]: ends it, as a signal would, when its owner is gone.
pub(crate) fn end_with_owner() {
    if std::env::var_os(END_WITH_STDIN).is_none() {
        return;
    }
    std::thread::spawn(|| {
        // The owner never writes; an error is an end as well.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = raise(Signal::SIGTERM);
    });
}
