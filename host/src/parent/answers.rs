//! Answers on their way to an engine. What is in a file goes from the kernel's cache to the socket without passing through
//! this process, or in pieces where something stands between the two.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;

use casemate_wire::storage::{self, DATA_HEAD_LEN, Response};
use casemate_wire::transport::BoxedIo;
use nix::sys::socket::{setsockopt, sockopt};
use tokio::io::{AsyncWriteExt, Interest, WriteHalf};
use tokio::net::UnixStream;
use tokio::task::spawn_blocking;

use super::data::FileRange;

/// What the kernel may hold of an answer that the engine has not read yet. With less, the two sides wait for each other more
/// often; the system's limit may be lower.
const SEND_BUFFER: usize = 1 << 20;

/// Bytes of a file that are read and written at once where they have to pass through this process.
const PIECE: usize = 256 << 10;

/// The sending side of a storage connection.
pub(super) struct AnswerWriter {
    writer: WriteHalf<BoxedIo>,
    /// The socket behind `writer`, if files may be sent to it directly.
    socket: Option<Arc<UnixStream>>,
    /// Two pieces that are used in turns: one is written while the next is read.
    pieces: [Piece; 2],
}

/// A second handle of a connection's socket for files to be sent to, if it has one.
pub(super) fn file_socket(io: &BoxedIo) -> io::Result<Option<Arc<UnixStream>>> {
    let Some(socket) = io.unix_socket() else { return Ok(None) };
    // Only a wish: with the system's own size, everything works too.
    let _ = setsockopt(socket, sockopt::SndBuf, &SEND_BUFFER);
    let socket = socket.as_fd().try_clone_to_owned()?;
    UnixStream::from_std(socket.into()).map(|socket| Some(Arc::new(socket)))
}

impl AnswerWriter {
    /// Writes to `writer`, behind which is `socket`.
    pub(super) fn new(writer: WriteHalf<BoxedIo>, socket: Option<Arc<UnixStream>>) -> Self {
        Self { writer, socket, pieces: Default::default() }
    }

    /// Sends a response that is in memory.
    pub(super) async fn write(&mut self, id: u64, response: &Response) -> casemate_wire::Result<()> {
        storage::write_response(&mut self.writer, id, response).await
    }

    /// Sends what is in a file. After an error, the connection is of no use any more: its length was sent already.
    pub(super) async fn write_file(&mut self, id: u64, range: &FileRange) -> casemate_wire::Result<()> {
        let head = storage::data_head(id, range.len())?;
        match &self.socket {
            Some(socket) => {
                self.writer.write_all(&head).await?;
                self.writer.flush().await?;
                Ok(hand_over(socket, range).await?)
            }
            None => Ok(self.copy(head, range).await?),
        }
    }

    /// Ends the connection's direction.
    pub(super) async fn shutdown(mut self) -> casemate_wire::Result<()> {
        Ok(self.writer.shutdown().await?)
    }

    async fn copy(&mut self, head: [u8; DATA_HEAD_LEN], range: &FileRange) -> io::Result<()> {
        let [mut piece, mut spare] = std::mem::take(&mut self.pieces);
        piece = piece.fill(&head, range, 0).await?;
        while piece.next < range.len() {
            let next = spare.fill(&[], range, piece.next);
            let (written, filled) = tokio::join!(self.writer.write_all(piece.content()), next);
            written?;
            spare = std::mem::replace(&mut piece, filled?);
        }
        self.writer.write_all(piece.content()).await?;
        self.writer.flush().await?;
        self.pieces = [piece, spare];
        Ok(())
    }
}

/// A part of an answer in memory.
#[derive(Default)]
struct Piece {
    /// As long as the longest piece once it was used, so that it is cleared only once.
    memory: Vec<u8>,
    len: usize,
    /// Where in the range the piece after this one begins.
    next: usize,
}

impl Piece {
    fn content(&self) -> &[u8] {
        &self.memory[..self.len]
    }

    /// Becomes `head` and what is in the range from `at` on.
    async fn fill(mut self, head: &[u8], range: &FileRange, at: usize) -> io::Result<Self> {
        self.next = range.len().min(at.saturating_add(PIECE));
        self.len = head.len() + (self.next - at);
        self.memory.resize(DATA_HEAD_LEN + PIECE, 0);
        self.memory[..head.len()].copy_from_slice(head);
        let (range, content) = (range.clone(), head.len()..self.len);
        let read = move || range.read_at(at, &mut self.memory[content]).map(|()| self);
        spawn_blocking(read).await.map_err(io::Error::other)?
    }
}

/// Has the kernel send a range. It may have to wait for the disk, which is why that is done where it holds nobody up.
async fn hand_over(socket: &Arc<UnixStream>, range: &FileRange) -> io::Result<()> {
    let mut at = 0;
    while at < range.len() {
        socket.writable().await?;
        let (to, from) = (Arc::clone(socket), range.clone());
        let send = move || {
            let sent = to.try_io(Interest::WRITABLE, || from.send(&mut at, &to));
            (at, sent)
        };
        let sent;
        (at, sent) = spawn_blocking(send).await.map_err(io::Error::other)?;
        if let Err(error) = sent
            && error.kind() != io::ErrorKind::WouldBlock
        {
            return Err(error);
        }
    }
    Ok(())
}
