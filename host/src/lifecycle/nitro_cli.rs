//! `nitro-cli` of AWS, the only way to start an enclave on a parent instance. Written against version 1.5.2; what it
//! prints has been the same since 1.2.

mod capture;
mod explain;
mod output;
#[cfg(test)]
pub(crate) mod tests;

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

pub use explain::Failure;
pub use output::{EnclaveInfo, EnclaveState, RunInfo};

use capture::{Captured, capture};

/// Where it is looked for unless the caller names it.
pub const DEFAULT_PROGRAM: &str = "nitro-cli";

/// How long each of its commands may take. Starting is bounded by itself to a minute for each 6 GiB of image and each
/// 100 GiB of memory; terminating waits until the memory is wiped.
const RUN_TIMEOUT: Duration = Duration::from_secs(600);
const DESCRIBE_TIMEOUT: Duration = Duration::from_secs(30);
const TERMINATE_TIMEOUT: Duration = Duration::from_secs(120);

/// Why a command of `nitro-cli` did not do what was asked. Each message says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum NitroCliError {
    /// The program is not there.
    #[error(
        "there is no program {}: install the package aws-nitro-enclaves-cli on the parent instance (Amazon Linux 2023: \
         `sudo dnf install aws-nitro-enclaves-cli`), or name it with --nitro-cli PATH", .0.display()
    )]
    Missing(PathBuf),
    /// The program could not be run.
    #[error("{} can't be run: {source}", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// It did not end in time and was killed.
    #[error(
        "`nitro-cli {command}` did not end within {} seconds; see `journalctl -k` and \
         /var/log/nitro_enclaves/nitro_enclaves.log", .limit.as_secs()
    )]
    Timeout {
        /// The subcommand.
        command: &'static str,
        /// How long it was waited for.
        limit: Duration,
    },
    /// It ended with an error.
    #[error(transparent)]
    Failed(Box<Failure>),
    /// What it printed is not what this program knows.
    #[error(
        "what `nitro-cli {command}` printed can't be read: {problem}; is its version (`nitro-cli --version`) 1.2 or later?"
    )]
    Output {
        /// The subcommand.
        command: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

/// What an enclave is started with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRequest {
    /// The enclave image file.
    pub image: PathBuf,
    /// Virtual CPUs.
    pub cpus: u32,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// The vsock context id; one is chosen by `nitro-cli` if `None`.
    pub cid: Option<u32>,
    /// The name to know it by; that of the image file if `None`.
    pub name: Option<String>,
    /// Whether its console is readable, and its PCRs are zero.
    pub debug: bool,
}

/// The program `nitro-cli`.
#[derive(Clone, Debug)]
pub struct NitroCli {
    program: PathBuf,
}

impl NitroCli {
    /// The program at this path, or of this name in the `PATH`.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into() }
    }

    /// Starts an enclave and waits until it has booted.
    ///
    /// # Errors
    /// When it does not boot, with the reason.
    pub async fn run(&self, request: &RunRequest) -> Result<RunInfo, NitroCliError> {
        let captured = self.ask("run-enclave", &request.arguments(), RUN_TIMEOUT).await?;
        output::parse("run-enclave", &captured.stdout)
    }

    /// The enclaves of this user; of all users for root.
    ///
    /// # Errors
    /// When they can't be listed.
    pub async fn enclaves(&self) -> Result<Vec<EnclaveInfo>, NitroCliError> {
        let captured = self.ask("describe-enclaves", &[], DESCRIBE_TIMEOUT).await?;
        output::parse("describe-enclaves", &captured.stdout)
    }

    /// Ends the enclave with this id, and waits until its memory is wiped and given back.
    ///
    /// # Errors
    /// When it is not ended.
    pub async fn terminate(&self, id: &str) -> Result<(), NitroCliError> {
        let arguments = ["--enclave-id".into(), id.into()];
        let captured = self.ask("terminate-enclave", &arguments, TERMINATE_TIMEOUT).await?;
        let info: output::TerminateInfo = output::parse("terminate-enclave", &captured.stdout)?;
        let problem = || format!("it does not say that {id} was terminated");
        info.terminated.then_some(()).ok_or_else(|| unreadable("terminate-enclave", problem()))
    }

    /// Copies the console of a debug enclave to this process's standard output until the enclave ends or the caller
    /// goes away.
    ///
    /// # Errors
    /// When there is no console to connect to.
    pub async fn console(&self, id: &str) -> Result<(), NitroCliError> {
        let mut command = self.command("console");
        command.args(["--enclave-id", id]).stdout(Stdio::inherit());
        let captured = self.captured("console", command, None).await?;
        captured.success("console").map(drop)
    }

    async fn ask(
        &self,
        command: &'static str,
        arguments: &[OsString],
        limit: Duration,
    ) -> Result<Captured, NitroCliError> {
        let mut process = self.command(command);
        process.args(arguments);
        self.captured(command, process, Some(limit)).await?.success(command)
    }

    fn command(&self, command: &'static str) -> Command {
        let mut process = Command::new(&self.program);
        // With it, errors of the driver are named and not only counted.
        process.arg(command).env("BACKTRACE", "1").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        process
    }

    async fn captured(
        &self,
        command: &'static str,
        process: Command,
        limit: Option<Duration>,
    ) -> Result<Captured, NitroCliError> {
        let running = capture(process);
        let ended = match limit {
            Some(limit) => {
                tokio::time::timeout(limit, running).await.map_err(|_| NitroCliError::Timeout { command, limit })?
            }
            None => running.await,
        };
        ended.map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => NitroCliError::Missing(self.program.clone()),
            _ => NitroCliError::Spawn { program: self.program.clone(), source },
        })
    }
}

impl RunRequest {
    fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec![
            "--eif-path".into(),
            self.image.clone().into(),
            "--cpu-count".into(),
            self.cpus.to_string().into(),
            "--memory".into(),
            self.memory_mib.to_string().into(),
        ];
        if let Some(cid) = self.cid {
            arguments.extend(["--enclave-cid".into(), cid.to_string().into()]);
        }
        if let Some(name) = &self.name {
            arguments.extend(["--enclave-name".into(), name.into()]);
        }
        if self.debug {
            arguments.push("--debug-mode".into());
        }
        arguments
    }
}

impl Captured {
    fn success(self, command: &'static str) -> Result<Self, NitroCliError> {
        match self.status.success() {
            true => Ok(self),
            false => Err(NitroCliError::Failed(Box::new(Failure::read(command, &self.status, &self.stderr)))),
        }
    }
}

fn unreadable(command: &'static str, problem: String) -> NitroCliError {
    NitroCliError::Output { command, problem }
}
