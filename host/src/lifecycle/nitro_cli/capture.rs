//! Runs a program to its end and keeps a bounded part of what it prints.

use std::io;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::task::JoinHandle;

/// Most bytes kept of each stream. What comes after them is read and forgotten, so that the program does not block.
const MAX_BYTES: usize = 1 << 20;

/// How long a stream may stay open after the program has ended: `run-enclave` leaves a process behind, which a defect
/// could let keep it open for ever.
const GRACE: Duration = Duration::from_secs(2);

/// A program that ended.
pub(super) struct Captured {
    pub(super) status: ExitStatus,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// Runs `command`, whose streams are piped or go elsewhere. The program is killed if the future is dropped.
pub(super) async fn capture(mut command: Command) -> io::Result<Captured> {
    let mut child = command.kill_on_drop(true).spawn()?;
    let stdout = child.stdout.take().map(Kept::start);
    let stderr = child.stderr.take().map(Kept::start);
    let status = child.wait().await?;
    Ok(Captured { status, stdout: text(stdout).await, stderr: text(stderr).await })
}

async fn text(stream: Option<Kept>) -> String {
    match stream {
        Some(kept) => kept.finish().await,
        None => String::new(),
    }
}

/// The beginning of a stream.
struct Kept {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Kept {
    fn start(mut stream: impl AsyncRead + Send + Unpin + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let kept = bytes.clone();
        let reader = tokio::spawn(async move {
            let mut buffer = [0; 8192];
            // A stream that fails has ended.
            while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                let room = MAX_BYTES.saturating_sub(kept.len()).min(count);
                kept.extend_from_slice(buffer.get(..room).unwrap_or_default());
            }
        });
        Self { bytes, reader }
    }

    async fn finish(mut self) -> String {
        if tokio::time::timeout(GRACE, &mut self.reader).await.is_err() {
            self.reader.abort();
        }
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;
    use std::time::Instant;

    use super::*;

    async fn shell(script: &str) -> Captured {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdout(Stdio::piped()).stderr(Stdio::piped());
        capture(command).await.unwrap()
    }

    #[tokio::test]
    async fn a_program_that_prints_without_end_is_read_and_not_kept() {
        let captured = shell("head -c 9000000 /dev/zero; head -c 9000000 /dev/zero >&2; exit 3").await;
        assert_eq!((captured.stdout.len(), captured.stderr.len()), (MAX_BYTES, MAX_BYTES));
        assert_eq!(captured.status.code(), Some(3));
    }

    #[tokio::test]
    async fn a_process_that_is_left_behind_does_not_keep_anybody_waiting() {
        let started = Instant::now();
        let captured = shell("echo done; sleep 20 &").await;
        assert_eq!(captured.stdout, "done\n");
        assert!(started.elapsed() < Duration::from_secs(15));
    }
}
