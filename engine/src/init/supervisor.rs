//! The engine as a child of the first process, which outlives everything else.

use std::fmt;
use std::io;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep_until};

use super::arguments::EngineArguments;
use super::console::say;
use super::error::InitError;

/// The user that owns nothing. The engine needs no right but to open the NSM.
const NOBODY: u32 = 65_534;
/// The engine's own grace period for its clients is shorter.
const STOP_PATIENCE: Duration = Duration::from_secs(15);

/// How the engine ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// With this exit code.
    Exited(i32),
    /// By this signal.
    Killed(Signal),
    /// Nobody knows.
    Unknown,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ended::Exited(0) => f.write_str("the engine stopped as it was asked to"),
            Ended::Exited(code) => {
                write!(f, "the engine ended with exit code {code}; if it could say why, the reason stands above")
            }
            Ended::Killed(Signal::SIGKILL) => f.write_str(
                "the engine was killed (signal 9), most likely for want of memory: give the enclave more, or the engine a \
                 lower --memory-limit",
            ),
            Ended::Killed(signal) => write!(f, "the engine was ended by {signal}, which is a defect"),
            Ended::Unknown => f.write_str("the engine is gone"),
        }
    }
}

/// Runs the engine until it ends. Signals to stop are passed on to it, and children that lost their parents are reaped.
///
/// # Errors
/// When the engine does not start or can't be watched.
pub(super) async fn run_engine(arguments: &EngineArguments) -> Result<Ended, InitError> {
    // Before the engine starts, so that its end can't be missed.
    let mut children = signal(SignalKind::child()).map_err(InitError::Runtime)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(InitError::Runtime)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(InitError::Runtime)?;
    let engine = start(arguments).map_err(InitError::Spawn)?;
    let mut deadline = None;
    loop {
        let too_late = async {
            match deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = children.recv() => {
                if let Some(ended) = reap(engine) {
                    return Ok(ended);
                }
            }
            _ = terminate.recv() => deadline = Some(stop(engine)),
            _ = interrupt.recv() => deadline = Some(stop(engine)),
            () = too_late => {
                say(format_args!("the engine does not stop, it is killed"));
                send(engine, Signal::SIGKILL);
                deadline = None;
            }
        }
    }
}

/// Starts this binary again, as the engine.
fn start(arguments: &EngineArguments) -> io::Result<Pid> {
    let mut command = Command::new("/proc/self/exe");
    command.arg0("casemate-engine").args(&arguments.0).uid(NOBODY).gid(NOBODY);
    // Options that the kernel does not know become variables of its first process; the engine is to have none of them.
    command.env_clear().env("NO_COLOR", "1");
    give_nsm_to(NOBODY)?;
    let child = command.spawn()?;
    // `reap` takes its end, like that of every other child.
    i32::try_from(child.id()).map(Pid::from_raw).map_err(|_| io::ErrorKind::InvalidData.into())
}

fn give_nsm_to(user: u32) -> io::Result<()> {
    match chown("/dev/nsm", Some(user), None) {
        // A simulated NSM needs no device, and an engine that misses it says so.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Asks the engine to stop, and says until when it may take.
fn stop(engine: Pid) -> Instant {
    say(format_args!("stopping the engine"));
    send(engine, Signal::SIGTERM);
    Instant::now() + STOP_PATIENCE
}

fn send(engine: Pid, signal: Signal) {
    if let Err(error) = kill(engine, signal) {
        say(format_args!("the engine takes no signal: {error}"));
    }
}

/// Takes the ends of all children that have ended; says how the engine did if it is among them.
fn reap(engine: Pid) -> Option<Ended> {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(process, code)) if process == engine => return Some(Ended::Exited(code)),
            Ok(WaitStatus::Signaled(process, signal, _)) if process == engine => return Some(Ended::Killed(signal)),
            Ok(WaitStatus::StillAlive) => return None,
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return Some(Ended::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_says_what_to_do_about_it() {
        assert!(Ended::Killed(Signal::SIGKILL).to_string().contains("--memory-limit"));
        assert!(Ended::Exited(1).to_string().contains("exit code 1"));
        assert!(Ended::Killed(Signal::SIGSEGV).to_string().contains("SIGSEGV"));
    }
}
