//! Engines that are programs of their own: long-lived processes that speak the JSON-lines interface of
//! `casemate statements`, one request a line on stdin, one answer a line on stdout.

use std::process::Stdio;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{Mutex, Semaphore};

use crate::answer::{Answer, Outcome, Request};
use crate::run::Engine;

/// Processes of one command, each of which answers one request at a time.
#[derive(Debug)]
pub struct Programs {
    command: String,
    idle: Mutex<Vec<Process>>,
    free: Arc<Semaphore>,
}

/// Why a program gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// It did not start, or its pipes broke.
    #[error("`{command}` can't be asked: {source}")]
    Io {
        /// The command line.
        command: String,
        /// The cause.
        source: std::io::Error,
    },
    /// It ended.
    #[error("`{command}` ended without an answer to {query}")]
    Ended {
        /// The command line.
        command: String,
        /// The query.
        query: String,
    },
    /// It wrote something else.
    #[error("`{command}` wrote a line that is no answer to the request: {line}")]
    NoAnswer {
        /// The command line.
        command: String,
        /// The line.
        line: String,
    },
}

/// A running process.
#[derive(Debug)]
struct Process {
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Killed when dropped.
    _child: Child,
}

impl Programs {
    /// Up to `processes` processes of a shell command line; each is started when it is first needed.
    pub fn new(command: impl Into<String>, processes: usize) -> Self {
        let free = Arc::new(Semaphore::new(processes.max(1)));
        Self { command: command.into(), idle: Mutex::default(), free }
    }

    fn start(&self) -> std::io::Result<Process> {
        let mut child = Command::new("sh")
            .args(["-c", &self.command])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let missing = || std::io::Error::other("the process has no pipes");
        let requests = child.stdin.take().ok_or_else(missing)?;
        let answers = BufReader::new(child.stdout.take().ok_or_else(missing)?);
        Ok(Process { requests, answers, _child: child })
    }

    fn failed(&self) -> impl Fn(std::io::Error) -> ProgramError {
        |source| ProgramError::Io { command: self.command.clone(), source }
    }
}

impl Engine for Programs {
    async fn ask(&self, request: Request) -> Result<Outcome, ProgramError> {
        // The semaphore is never closed.
        let _permit = self.free.acquire().await;
        let idle = self.idle.lock().await.pop();
        let mut process = match idle {
            Some(process) => process,
            None => self.start().map_err(self.failed())?,
        };
        let line = process.exchange(&request).await.map_err(self.failed())?;
        if line.is_empty() {
            return Err(ProgramError::Ended { command: self.command.clone(), query: request.query });
        }
        match serde_json::from_str::<Answer>(&line) {
            Ok(answer) if answer.id == request.id => {
                self.idle.lock().await.push(process);
                Ok(answer.outcome)
            }
            _ => Err(ProgramError::NoAnswer { command: self.command.clone(), line: line.trim_end().to_owned() }),
        }
    }
}

impl Process {
    /// Writes a request and reads a line; it is empty where the process ended.
    async fn exchange(&mut self, request: &Request) -> std::io::Result<String> {
        let mut line = serde_json::to_string(request)?;
        line.push('\n');
        let written = self.requests.write_all(line.as_bytes()).await;
        if written.as_ref().is_err_and(|error| error.kind() != std::io::ErrorKind::BrokenPipe) {
            written?;
        }
        let mut answer = String::new();
        self.answers.read_line(&mut answer).await?;
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(id: i32) -> Request {
        Request { id: id.into(), setup: Vec::new(), query: "select 1".into() }
    }

    #[tokio::test]
    async fn a_program_is_asked_line_by_line() {
        let echo = r#"while read -r l; do echo "{\"id\":${l:6:1},\"schema\":[],\"rows\":[]}"; done"#;
        let programs = Programs::new(format!("bash -c '{echo}'"), 2);
        for id in 1..4 {
            assert!(matches!(programs.ask(request(id)).await.unwrap(), Outcome::Table(_)));
        }
    }

    #[tokio::test]
    async fn a_program_that_ends_or_talks_nonsense_is_an_error_that_names_it() {
        let ended = Programs::new("exit 3", 1).ask(request(1)).await.unwrap_err();
        assert_eq!(ended.to_string(), "`exit 3` ended without an answer to select 1");
        let nonsense = Programs::new("echo hello; cat > /dev/null", 1).ask(request(1)).await.unwrap_err();
        assert!(nonsense.to_string().contains("no answer to the request: hello"), "{nonsense}");
    }
}
