//! A sealed result on disk: the records as they came, behind a header that wraps the stream's secret.

use std::io::{Read, Write};

use crate::keys::ResultKey;
use crate::session::{ResultItem, SealedFrame, StreamSecret};
use crate::{Error, Result};

/// Writes a sealed result.
pub struct SealedFileWriter<W: Write> {
    out: W,
}

impl<W: Write> SealedFileWriter<W> {
    /// Writes the header; the stream's secret is wrapped under `key`.
    pub fn create(_out: W, _secret: &StreamSecret, _key: &ResultKey) -> Result<Self> {
        Err(Error::SealedFile("not part of this build"))
    }

    /// Appends a record as it came.
    pub fn frame(&mut self, _frame: &SealedFrame) -> Result<()> {
        Err(Error::SealedFile("not part of this build"))
    }

    /// Flushes and gives the file back.
    pub fn finish(mut self) -> Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

/// Opens a sealed result.
pub struct SealedFileReader<R: Read> {
    _input: R,
}

impl<R: Read> SealedFileReader<R> {
    /// Reads the header and unwraps the stream's secret.
    pub fn open(_input: R, _key: &ResultKey) -> Result<Self> {
        Err(Error::SealedFile("not part of this build"))
    }

    /// The next item; `None` after the authenticated end. A file that stops earlier is [`Error::Truncated`], one
    /// that goes on is [`Error::TrailingData`].
    pub fn next_item(&mut self) -> Result<Option<ResultItem>> {
        Err(Error::SealedFile("not part of this build"))
    }
}
