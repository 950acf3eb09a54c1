//! Writing frames so that a write that was interrupted is never followed by another.

use tokio::io::AsyncWrite;

use crate::frame::{FrameHeader, write_frame};
use crate::{Error, Result};

/// Writes whole frames. Half a frame on the wire would make the rest of the connection garbage, so a write that
/// failed or whose future was dropped is the last one.
pub(super) struct FrameWriter<W> {
    inner: W,
    interrupted: bool,
}

impl<W: AsyncWrite + Unpin> FrameWriter<W> {
    pub(super) fn new(inner: W) -> Self {
        Self { inner, interrupted: false }
    }

    pub(super) async fn write(&mut self, header: &FrameHeader, payload: &[u8]) -> Result<()> {
        if std::mem::replace(&mut self.interrupted, true) {
            return Err(Error::Interrupted);
        }
        write_frame(&mut self.inner, header, payload).await?;
        self.interrupted = false;
        Ok(())
    }

    pub(super) fn inner(&mut self) -> &mut W {
        &mut self.inner
    }
}
