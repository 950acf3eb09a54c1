//! The processes of the demonstration: started from this program's own executable, ended with it.

use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::error::{HostError, Result};

/// How long a process may take to say that it listens.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a process may take to end after a signal.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// A running part of the demonstration; killed when dropped.
pub(super) struct Process {
    name: &'static str,
    child: Child,
    /// Kept open: a closed stdout would end the process at its next line.
    _stdout: Lines<BufReader<ChildStdout>>,
    /// Where it listens.
    pub(super) address: String,
}

impl Process {
    /// Starts `casemate ARGUMENTS` with its stderr in `log`, and waits until it listens.
    pub(super) async fn start<A: AsRef<OsStr>>(name: &'static str, arguments: &[A], log: &Path) -> Result<Self> {
        let what = format!("can't start the {name}");
        let executable = std::env::current_exe().map_err(HostError::io(what.as_str()))?;
        let stderr = File::create(log).map_err(HostError::io(what.as_str()))?;
        let mut child = Command::new(executable)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .kill_on_drop(true)
            .spawn()
            .map_err(HostError::io(what.as_str()))?;
        let Some(stdout) = child.stdout.take() else { return Err(HostError::Demo(what)) };
        let mut stdout = BufReader::new(stdout).lines();
        let line = tokio::time::timeout(START_TIMEOUT, stdout.next_line()).await;
        match line {
            Ok(Ok(Some(line))) if line.starts_with(READY) => {
                let address = line.trim_start_matches(READY).trim().to_owned();
                Ok(Self { name, child, _stdout: stdout, address })
            }
            _ => {
                let said = std::fs::read_to_string(log).unwrap_or_default();
                Err(HostError::Demo(format!("the {name} did not start:\n{said}")))
            }
        }
    }

    /// The process's number.
    pub(super) fn id(&self) -> u32 {
        self.child.id().unwrap_or(0)
    }

    /// Asks the process to end and waits until it has.
    pub(super) async fn stop(mut self) -> Result<()> {
        let what = format!("can't stop the {}", self.name);
        if let Some(id) = self.child.id().and_then(|id| i32::try_from(id).ok()) {
            // It may have ended by itself in the meantime; waiting tells.
            let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
        }
        match tokio::time::timeout(STOP_TIMEOUT, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(HostError::Demo(format!("the {} ended with {status}", self.name))),
            Ok(Err(error)) => Err(HostError::Io { what, source: error }),
            Err(_) => Err(HostError::Demo(format!("{what}: it did not end within {} seconds", STOP_TIMEOUT.as_secs()))),
        }
    }
}

/// What a server prints when it is ready.
const READY: &str = "listening on ";
