//! A sealed result on disk: the records as they came, behind a header that wraps the stream's secret.
//!
//! `magic [8] | session [16] | stream u64 | wrapped secret [76]`, then the frames of the stream, each with its header.
//! The secret is wrapped under the client's result key with everything before it as associated data, so that the
//! file opens nothing but this stream, and only for whoever has the key.

use std::io::{self, Read, Write};

use crate::codec::Reader;
use crate::frame::{Frame, FrameHeader, HEADER_LEN, SessionId};
use crate::keys::{ResultKey, WRAP_OVERHEAD};
use crate::record::SECRET_LEN;
use crate::session::{ResultItem, SealedFrame, StreamOpener, StreamSecret};
use crate::{Error, Result};

/// The first bytes of a sealed result; the last of them is the version of the format.
pub const MAGIC: [u8; 8] = *b"CSMTRES\x01";

const BOUND_LEN: usize = 8 + 16 + 8;
const WRAPPED_LEN: usize = SECRET_LEN + WRAP_OVERHEAD;

/// Writes a sealed result.
pub struct SealedFileWriter<W: Write> {
    out: W,
}

impl<W: Write> SealedFileWriter<W> {
    /// Writes the header; the stream's secret is wrapped under `key`.
    pub fn create(mut out: W, secret: &StreamSecret, key: &ResultKey) -> Result<Self> {
        let mut header = Vec::with_capacity(BOUND_LEN + WRAPPED_LEN);
        header.extend_from_slice(&MAGIC);
        header.extend_from_slice(&secret.session().0);
        header.extend_from_slice(&secret.stream().to_be_bytes());
        let wrapped = secret.wrap(key, &header)?;
        header.extend_from_slice(&wrapped);
        out.write_all(&header)?;
        Ok(Self { out })
    }

    /// Appends a record as it came.
    pub fn frame(&mut self, frame: &SealedFrame) -> Result<()> {
        self.out.write_all(&frame.header().to_bytes())?;
        Ok(self.out.write_all(frame.payload())?)
    }

    /// Flushes and gives the file back.
    pub fn finish(mut self) -> Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

/// Opens a sealed result.
pub struct SealedFileReader<R: Read> {
    input: R,
    opener: StreamOpener,
}

impl<R: Read> SealedFileReader<R> {
    /// Reads the header and unwraps the stream's secret.
    pub fn open(mut input: R, key: &ResultKey) -> Result<Self> {
        let mut header = [0; BOUND_LEN + WRAPPED_LEN];
        input.read_exact(&mut header).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Error::SealedFile("it is too short"),
            _ => error.into(),
        })?;
        let (bound, wrapped) = header.split_at(BOUND_LEN);
        let mut reader = Reader::new(bound);
        if reader.array()? != MAGIC {
            return Err(Error::SealedFile("it begins with other bytes"));
        }
        let (session, stream) = (SessionId(reader.array()?), reader.u64()?);
        let secret = StreamSecret::unwrap(session, stream, key, wrapped, bound)?;
        Ok(Self { input, opener: StreamOpener::new(secret) })
    }

    /// The next item; `None` after the authenticated end. A file that stops earlier is [`Error::Truncated`], one
    /// that goes on is [`Error::TrailingData`].
    pub fn next_item(&mut self) -> Result<Option<ResultItem>> {
        loop {
            let frame = match self.next_frame()? {
                Some(frame) => frame,
                None if self.opener.is_finished() => return Ok(None),
                None => return Err(Error::Truncated),
            };
            if let Some(item) = self.opener.open(frame)? {
                return Ok(Some(item));
            }
        }
    }

    /// The next record, or `None` at the end of the file. After the authenticated end any further byte is an error.
    fn next_frame(&mut self) -> Result<Option<SealedFrame>> {
        let mut header = Vec::with_capacity(HEADER_LEN);
        self.input.by_ref().take(HEADER_LEN as u64).read_to_end(&mut header)?;
        if header.is_empty() {
            return Ok(None);
        }
        if self.opener.is_finished() {
            return Err(Error::TrailingData);
        }
        let header: [u8; HEADER_LEN] = header.try_into().map_err(|_| Error::Truncated)?;
        let header = FrameHeader::parse(&header)?;
        if !header.kind.is_result() {
            return Err(Error::Unexpected(header.kind));
        }
        let mut payload = Vec::new();
        self.input.by_ref().take(header.len.into()).read_to_end(&mut payload)?;
        if payload.len() < header.len as usize {
            return Err(Error::Truncated);
        }
        Ok(Some(SealedFrame(Frame { header, payload })))
    }
}

#[cfg(test)]
mod tests;
