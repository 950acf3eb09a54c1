//! The messages of a session, before they are sealed and after they are opened.

/// The longest query text.
pub const MAX_SQL_BYTES: usize = 1 << 20;

/// One or more SQL statements, separated by semicolons.
pub struct QueryRequest {
    /// The text, at most [`MAX_SQL_BYTES`].
    pub sql: String,
}

/// The end of one statement's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementSummary {
    /// Rows sent.
    pub rows: u64,
    /// Record batches sent.
    pub batches: u64,
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
