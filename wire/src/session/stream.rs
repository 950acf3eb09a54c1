//! One result stream: its secret, and what comes out of it.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::message::{EndStatus, StatementSummary};
use crate::frame::{Frame, FrameHeader, SessionId};
use crate::{Error, Result};

/// A sealed record as it came.
pub struct SealedFrame(pub(crate) Frame);

impl SealedFrame {
    /// The header, in the clear and not yet authenticated.
    pub fn header(&self) -> &FrameHeader {
        &self.0.header
    }

    /// The sealed payload.
    pub fn payload(&self) -> &[u8] {
        &self.0.payload
    }
}

/// What opens one result stream, and nothing else. Wiped when dropped, never printed.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct StreamSecret {
    #[zeroize(skip)]
    session: SessionId,
    stream: u64,
    secret: [u8; 48],
}

impl StreamSecret {
    /// The session that the stream belongs to.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// The stream's id in its session.
    pub fn stream(&self) -> u64 {
        self.stream
    }
}

/// What a result stream yields.
#[derive(Clone, Debug, PartialEq)]
pub enum ResultItem {
    /// A statement's result begins.
    Schema(SchemaRef),
    /// Rows of it.
    Batch(RecordBatch),
    /// It is complete.
    StatementEnd(StatementSummary),
    /// The query is complete; nothing follows.
    End(EndStatus),
}

/// Opens the records of one stream, in their order.
pub struct StreamOpener {
    secret: StreamSecret,
}

impl StreamOpener {
    /// An opener at the start of the stream.
    pub fn new(secret: StreamSecret) -> Self {
        Self { secret }
    }

    /// Opens the next record; `None` for one that only prepares later ones (a dictionary).
    pub fn open(&mut self, _frame: SealedFrame) -> Result<Option<ResultItem>> {
        let _ = &self.secret;
        Err(Error::Malformed("the record layer is not part of this build"))
    }

    /// Whether the authenticated end was seen.
    pub fn is_finished(&self) -> bool {
        false
    }

    /// To be called when no more records come: [`Error::Truncated`] unless the end was seen.
    pub fn finish(self) -> Result<()> {
        Err(Error::Truncated)
    }
}
