//! One result stream: its secret, and what comes out of it.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::message::{End, EndStatus, StatementSummary};
use crate::frame::{Frame, FrameHeader, FrameType, SessionId};
use crate::ipc::{Decoder, Message};
use crate::keys::ResultKey;
use crate::record::{Opener, SECRET_LEN, StreamKeys};
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

/// What seals and opens one result stream, and nothing else. Wiped when dropped, never printed.
pub struct StreamSecret(pub(crate) StreamKeys);

impl StreamSecret {
    /// The session that the stream belongs to.
    pub fn session(&self) -> SessionId {
        self.0.session
    }

    /// The stream's id in its session.
    pub fn stream(&self) -> u64 {
        self.0.stream
    }

    /// The secret under the client's own key, bound to `aad`.
    pub(crate) fn wrap(&self, key: &ResultKey, aad: &[u8]) -> Result<Vec<u8>> {
        key.wrap(&self.0.secret, aad)
    }

    pub(crate) fn unwrap(session: SessionId, stream: u64, key: &ResultKey, wrapped: &[u8], aad: &[u8]) -> Result<Self> {
        let mut keys = StreamKeys { session, stream, secret: [0; SECRET_LEN] };
        let secret = key.unwrap(wrapped, aad)?;
        if secret.len() != SECRET_LEN {
            return Err(Error::WrongResultKey);
        }
        keys.secret.copy_from_slice(&secret);
        Ok(Self(keys))
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
///
/// Rows are genuine as they come, but a result is whole only when [`ResultItem::End`] was seen: who acts on rows
/// earlier must be ready to take it back.
pub struct StreamOpener {
    opener: Opener,
    decoder: Decoder,
    state: State,
    statement: StatementSummary,
    total: StatementSummary,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    BetweenStatements,
    InStatement,
    Finished,
}

impl StreamOpener {
    /// An opener at the start of the stream.
    pub fn new(secret: StreamSecret) -> Self {
        Self {
            opener: Opener::new(secret.0),
            decoder: Decoder::default(),
            state: State::BetweenStatements,
            statement: StatementSummary::default(),
            total: StatementSummary::default(),
        }
    }

    /// Opens the next record; `None` for one that only prepares later ones (a dictionary).
    pub fn open(&mut self, frame: SealedFrame) -> Result<Option<ResultItem>> {
        if self.state == State::Finished {
            return Err(Error::TrailingData);
        }
        let Frame { header, payload: mut content } = frame.0;
        self.opener.open(&header, &mut content)?;
        if header.last != (header.kind == FrameType::End) {
            return Err(Error::Malformed("the last record of a stream is its end, and no other"));
        }
        match (self.state, header.kind) {
            (State::BetweenStatements, FrameType::ResultSchema) => {
                self.state = State::InStatement;
                self.rows(header.kind, content)
            }
            (State::InStatement, FrameType::ResultDictionary | FrameType::ResultBatch) => {
                self.rows(header.kind, content)
            }
            (State::InStatement, FrameType::StatementEnd) => self.statement_end(&content).map(Some),
            (_, FrameType::End) => self.end(&content).map(Some),
            (_, other) => Err(Error::Unexpected(other)),
        }
    }

    fn rows(&mut self, kind: FrameType, content: Vec<u8>) -> Result<Option<ResultItem>> {
        Ok(match self.decoder.decode(kind, content)? {
            Message::Schema(schema) => Some(ResultItem::Schema(schema)),
            Message::Dictionary => None,
            Message::Batch(batch) => {
                self.statement.count(batch.num_rows());
                self.total.count(batch.num_rows());
                Some(ResultItem::Batch(batch))
            }
        })
    }

    fn statement_end(&mut self, content: &[u8]) -> Result<ResultItem> {
        let summary = StatementSummary::decode(content)?;
        if summary != std::mem::take(&mut self.statement) {
            return Err(COUNTS_DIFFER);
        }
        self.state = State::BetweenStatements;
        Ok(ResultItem::StatementEnd(summary))
    }

    fn end(&mut self, content: &[u8]) -> Result<ResultItem> {
        let End { status, total } = End::decode(content)?;
        if total != self.total {
            return Err(COUNTS_DIFFER);
        }
        if status == EndStatus::Ok && self.state == State::InStatement {
            return Err(Error::Malformed("a query ended well in the middle of a statement"));
        }
        self.state = State::Finished;
        Ok(ResultItem::End(status))
    }

    /// Whether the authenticated end was seen.
    pub fn is_finished(&self) -> bool {
        self.state == State::Finished
    }

    /// To be called when no more records come: [`Error::Truncated`] unless the end was seen.
    pub fn finish(self) -> Result<()> {
        if self.is_finished() { Ok(()) } else { Err(Error::Truncated) }
    }
}

const COUNTS_DIFFER: Error = Error::Malformed("a result has another number of rows or batches than its end says");
