//! The programs under test as processes: servers that run until they are dropped, and commands that end.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::soon;

/// What a server prints when it is ready.
const READY: &str = "listening on ";

/// A server in a process of its own. Killed when dropped.
pub struct Server {
    child: Child,
    log: PathBuf,
    stdout: Lines<BufReader<ChildStdout>>,
    /// Where it listens, as it printed it.
    pub address: String,
}

impl Server {
    /// Starts a server with its stderr in the file `log`, and waits until it listens.
    ///
    /// # Panics
    /// When it ends before that, with what it printed.
    pub async fn start<A: AsRef<OsStr>>(program: &Path, arguments: &[A], log: &Path) -> Self {
        Self::start_with(program, arguments, &[], log).await
    }

    /// As [`start`](Self::start), with variables in its environment.
    ///
    /// # Panics
    /// When it ends before it listens, with what it printed.
    pub async fn start_with<A: AsRef<OsStr>>(
        program: &Path,
        arguments: &[A],
        environment: &[(&str, &str)],
        log: &Path,
    ) -> Self {
        let stderr = File::create(log).expect("a log file in the test's folder");
        let mut child = Command::new(program)
            .args(arguments)
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("can't start {}: {error}", program.display()));
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        let first = soon("a server's first line", stdout.next_line()).await;
        let address = match first {
            Ok(Some(line)) if line.starts_with(READY) => line[READY.len()..].trim().to_owned(),
            other => panic!("{} did not start ({other:?}):\n{}", program.display(), read(log)),
        };
        Self { child, log: log.to_owned(), stdout, address }
    }

    /// Ends it at once, as a crash would, and waits until it is gone.
    pub async fn kill(&mut self) {
        soon("a killed process to end", self.child.kill()).await.expect("a process of ours can be killed");
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        let id = self.child.id().expect("the process runs");
        let id = nix::unistd::Pid::from_raw(i32::try_from(id).expect("process ids are small"));
        nix::sys::signal::kill(id, signal).expect("a process of ours takes signals");
    }

    /// Asks it to stop, waits until it has, and gives its exit code.
    pub async fn stop(&mut self) -> Option<i32> {
        self.signal(nix::sys::signal::Signal::SIGTERM);
        self.stop_after_signal().await
    }

    /// Waits until it has stopped, and gives its exit code.
    pub async fn stop_after_signal(&mut self) -> Option<i32> {
        soon("a server to stop", self.child.wait()).await.expect("a child can be waited for").code()
    }

    /// How often `needle` stands in the memory that the process can write.
    ///
    /// # Panics
    /// When the memory of a child process can't be read.
    pub fn count_in_memory(&self, needle: &[u8]) -> usize {
        let id = self.child.id().expect("the process runs");
        let maps = fs::read_to_string(format!("/proc/{id}/maps")).expect("a child's memory map can be read");
        let memory = File::open(format!("/proc/{id}/mem")).expect("a child's memory can be read");
        let finder = memchr::memmem::Finder::new(needle);
        let mut found = 0;
        for line in maps.lines() {
            let mut fields = line.split_whitespace();
            let (Some(range), Some(rights)) = (fields.next(), fields.next()) else { continue };
            if !rights.starts_with("rw") || line.ends_with("[vvar]") {
                continue;
            }
            let (start, end) = range.split_once('-').expect("a range of addresses");
            let start = u64::from_str_radix(start, 16).expect("an address");
            let end = u64::from_str_radix(end, 16).expect("an address");
            let mut bytes = vec![0; usize::try_from(end - start).expect("a size")];
            // A mapping may vanish between the two reads; what is gone holds nothing.
            if memory.read_exact_at(&mut bytes, start).is_ok() {
                found += finder.find_iter(&bytes).count();
            }
        }
        found
    }

    /// Whether the process still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child can be asked").is_none()
    }

    /// What it has written to stderr so far.
    pub fn log(&self) -> String {
        read(&self.log)
    }

    /// The rest of its stdout, after it ended.
    pub async fn rest_of_stdout(&mut self) -> String {
        let mut rest = String::new();
        while let Some(line) = soon("a server's stdout", self.stdout.next_line()).await.expect("UTF-8") {
            rest.push_str(&line);
            rest.push('\n');
        }
        rest
    }
}

/// What a command that ended left behind.
#[derive(Debug)]
pub struct Finished {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error stream.
    pub stderr: String,
}

impl Finished {
    /// The standard output of a command that must have succeeded.
    ///
    /// # Panics
    /// When it has not, with all that it printed.
    pub fn success(self) -> String {
        assert_eq!(self.code, Some(0), "the command failed: {self:#?}");
        self.stdout
    }

    /// The standard error stream of a command that must have failed with this exit code.
    ///
    /// # Panics
    /// When it succeeded or ended with another code, with all that it printed.
    pub fn failure(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "expected exit code {code}: {self:#?}");
        self.stderr
    }
}

/// Runs a command to its end, with `stdin` as its input.
///
/// # Panics
/// When it does not end in time.
pub async fn run<A: AsRef<OsStr>>(program: &Path, arguments: &[A], stdin: &str) -> Finished {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("can't start {}: {error}", program.display()));
    let mut input = child.stdin.take().expect("stdin is piped");
    let text = stdin.to_owned();
    // A command that fails early closes its stdin; that it did is for the test to see.
    let writing = tokio::spawn(async move { drop(input.write_all(text.as_bytes()).await) });
    let output = soon("a command to end", child.wait_with_output()).await.expect("a child can be waited for");
    writing.abort();
    Finished {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn read(log: &Path) -> String {
    std::fs::read_to_string(log).unwrap_or_default()
}
