//! The optional recorder: every byte that passes the parent, written as it passed, so that anyone can look through it.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use casemate_wire::transport::BoxedIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Writes each direction of each connection to a file of its own: `relay-0001-to-enclave`, `relay-0001-to-client`,
/// `storage-0001-requests`, `storage-0001-responses`.
#[derive(Debug)]
pub struct Recorder {
    directory: PathBuf,
    next: AtomicU64,
}

/// A connection whose bytes are written down as they pass.
struct Recorded {
    io: BoxedIo,
    /// What is read from the connection.
    inward: File,
    /// What is written to it.
    outward: File,
}

impl Recorder {
    /// Records into `directory`, which is made if it is not there (readable by the owner only).
    pub fn new(directory: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        Ok(Self { directory: directory.to_path_buf(), next: AtomicU64::new(1) })
    }

    fn record(&self, io: BoxedIo, kind: &str, inward: &str, outward: &str) -> io::Result<BoxedIo> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let create = |direction: &str| {
            let path = self.directory.join(format!("{kind}-{number:04}-{direction}"));
            OpenOptions::new().create_new(true).append(true).mode(0o600).open(path)
        };
        Ok(Box::new(Recorded { io, inward: create(inward)?, outward: create(outward)? }))
    }
}

/// A client's connection, recorded if there is a recorder.
pub(super) fn relay(recorder: Option<&Recorder>, io: BoxedIo) -> io::Result<BoxedIo> {
    match recorder {
        Some(recorder) => recorder.record(io, "relay", "to-enclave", "to-client"),
        None => Ok(io),
    }
}

/// A storage connection of the enclave, recorded if there is a recorder.
pub(super) fn storage(recorder: Option<&Recorder>, io: BoxedIo) -> io::Result<BoxedIo> {
    match recorder {
        Some(recorder) => recorder.record(io, "storage", "requests", "responses"),
        None => Ok(io),
    }
}

impl AsyncRead for Recorded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(cx, buffer))?;
        self.inward.write_all(buffer.filled().get(before..).unwrap_or_default())?;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Recorded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.io).poll_write(cx, bytes))?;
        self.outward.write_all(bytes.get(..written).unwrap_or_default())?;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
