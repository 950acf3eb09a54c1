//! The messages of a session, before they are sealed and after they are opened.

use bytes::BufMut;

use crate::codec::{Reader, put_long_text, put_short_text};
use crate::{Error, Result};

/// The longest query text.
pub const MAX_SQL_BYTES: usize = 1 << 20;

/// The longest message of a failure; what is longer is cut.
const MAX_MESSAGE_BYTES: u32 = 1 << 20;

/// One or more SQL statements, separated by semicolons.
pub struct QueryRequest {
    /// The text, at most [`MAX_SQL_BYTES`].
    pub sql: String,
}

/// The content of a control record.
pub(super) enum Control {
    Query { stream: u64, sql: String },
    Cancel { stream: u64 },
    Close,
}

impl Control {
    pub(super) fn encode(&self) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        match self {
            Self::Query { sql, .. } if sql.len() > MAX_SQL_BYTES => return Err(Error::QueryTooLong(sql.len())),
            Self::Query { stream, sql } => {
                out.put_u8(1);
                out.put_u64(*stream);
                put_long_text(&mut out, sql, MAX_SQL_BYTES as u32);
            }
            Self::Cancel { stream } => {
                out.put_u8(2);
                out.put_u64(*stream);
            }
            Self::Close => out.put_u8(3),
        }
        Ok(out)
    }

    pub(super) fn decode(content: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(content);
        let control = match reader.u8()? {
            1 => {
                let (stream, sql) = (reader.u64()?, reader.long_text()?);
                if sql.len() > MAX_SQL_BYTES {
                    return Err(Error::QueryTooLong(sql.len()));
                }
                Self::Query { stream, sql: sql.to_owned() }
            }
            2 => Self::Cancel { stream: reader.u64()? },
            3 => Self::Close,
            _ => return Err(Error::Malformed("unknown request")),
        };
        reader.finish()?;
        Ok(control)
    }
}

/// The end of one statement's result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatementSummary {
    /// Rows sent.
    pub rows: u64,
    /// Record batches sent.
    pub batches: u64,
}

impl StatementSummary {
    pub(super) fn encode(self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_u64(self.rows);
        out.put_u64(self.batches);
        out
    }

    pub(super) fn decode(content: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(content);
        let summary = Self { rows: reader.u64()?, batches: reader.u64()? };
        reader.finish()?;
        Ok(summary)
    }

    pub(super) fn count(&mut self, rows: usize) {
        self.batches = self.batches.saturating_add(1);
        self.rows = self.rows.saturating_add(rows as u64);
    }
}

/// How a query ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndStatus {
    /// All statements ran.
    Ok,
    /// The client asked to stop.
    Cancelled,
    /// A statement failed; the results before it are complete.
    Failed(QueryFailure),
}

/// Why a query failed. Travels sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryFailure {
    /// A word for programs: parse, analysis, arithmetic, memory, unsupported, storage, timeout, internal.
    pub kind: String,
    /// For people.
    pub message: String,
    /// Line and column in the query text, both from 1.
    pub position: Option<(u32, u32)>,
}

/// The content of the last record of a stream.
pub(super) struct End {
    pub(super) status: EndStatus,
    /// Of all statements together.
    pub(super) total: StatementSummary,
}

impl End {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = self.total.encode();
        match &self.status {
            EndStatus::Ok => out.put_u8(0),
            EndStatus::Cancelled => out.put_u8(1),
            EndStatus::Failed(failure) => {
                out.put_u8(2);
                let (line, column) = failure.position.unwrap_or((0, 0));
                out.put_u32(line);
                out.put_u32(column);
                put_short_text(&mut out, &failure.kind);
                put_long_text(&mut out, &failure.message, MAX_MESSAGE_BYTES);
            }
        }
        out
    }

    pub(super) fn decode(content: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(content);
        let total = StatementSummary { rows: reader.u64()?, batches: reader.u64()? };
        let status = match reader.u8()? {
            0 => EndStatus::Ok,
            1 => EndStatus::Cancelled,
            2 => {
                let (line, column) = (reader.u32()?, reader.u32()?);
                let position = (line != 0).then_some((line, column));
                let (kind, message) = (reader.short_text()?.to_owned(), reader.long_text()?.to_owned());
                EndStatus::Failed(QueryFailure { kind, message, position })
            }
            _ => return Err(Error::Malformed("unknown end of a query")),
        };
        reader.finish()?;
        Ok(Self { status, total })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_random::TestRandom;

    #[test]
    fn every_end_reads_back() {
        let failure = |position| {
            EndStatus::Failed(QueryFailure { kind: "parse".into(), message: "near 'FORM'\n  ^".into(), position })
        };
        for status in [EndStatus::Ok, EndStatus::Cancelled, failure(None), failure(Some((3, 14)))] {
            let total = StatementSummary { rows: 7, batches: 2 };
            let end = End::decode(&End { status: status.clone(), total }.encode()).unwrap();
            assert_eq!((end.status, end.total), (status, total));
        }
    }

    #[test]
    fn a_query_beyond_the_limit_is_refused_on_both_sides() {
        let query = Control::Query { stream: 1, sql: "x".repeat(MAX_SQL_BYTES + 1) };
        assert!(matches!(query.encode(), Err(Error::QueryTooLong(_))));
        let mut bytes = Control::Query { stream: 1, sql: "x".repeat(MAX_SQL_BYTES) }.encode().unwrap();
        assert!(Control::decode(&bytes).is_ok());
        bytes[9..13].copy_from_slice(&(MAX_SQL_BYTES as u32 + 1).to_be_bytes());
        bytes.push(b'x');
        assert!(matches!(Control::decode(&bytes), Err(Error::QueryTooLong(_))));
    }

    #[test]
    fn hostile_contents_never_panic() {
        let mut random = TestRandom::new(4);
        for _ in 0..50_000 {
            let mut bytes = random.bytes(40);
            let _ = Control::decode(&bytes);
            let _ = StatementSummary::decode(&bytes);
            if let Some(status) = bytes.get_mut(16) {
                *status %= 4;
            }
            let _ = End::decode(&bytes);
        }
    }
}
