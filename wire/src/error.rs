//! The errors of frames, records, sessions, the storage protocol and the sealed file.

use crate::frame::{FrameType, StatusCode};

/// What can go wrong outside the handshake and the attestation check, which have enums of their own.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The transport failed.
    #[error("the connection failed: {0}")]
    Io(#[from] std::io::Error),
    /// The other side closed the connection between two frames.
    #[error("the other side closed the connection; connect again")]
    Closed,
    /// The first byte of a frame names a version that this program does not speak.
    #[error("frame of protocol version {0}; this program speaks version 1: update the older side")]
    UnknownVersion(u8),
    /// A frame type that the protocol does not have.
    #[error("unknown frame type {0}; is the other side a Casemate engine or client?")]
    UnknownFrameType(u8),
    /// A frame that announces more bytes than its type may have. Nothing was allocated for it.
    #[error("a frame of {len} bytes where at most {cap} are allowed; the connection cannot be used any more")]
    FrameTooLarge {
        /// The announced length.
        len: u64,
        /// What is allowed at this place.
        cap: u64,
    },
    /// A frame or message whose fields contradict the protocol.
    #[error("malformed message: {0}; the connection cannot be used any more")]
    Malformed(&'static str),
    /// A frame of a known type at a place where it may not stand.
    #[error("unexpected frame {0:?}; the connection cannot be used any more")]
    Unexpected(FrameType),
    /// The other side answered with a plaintext status.
    #[error("the other side answered: {0}")]
    Status(StatusCode),
    /// An earlier write to this connection was not completed.
    #[error("an earlier write to this connection was interrupted; open a new session")]
    Interrupted,
    /// A sealed record did not open. Deliberately without any detail of why.
    #[error("a sealed record was altered, dropped, replayed, reordered, or belongs elsewhere; discard this result")]
    Unsealing,
    /// A result stream stopped before its authenticated end.
    #[error("the result stream was cut before its end; discard this result and run the query again")]
    Truncated,
    /// Bytes after the authenticated end of a result.
    #[error("data after the end of the result stream; discard this result")]
    TrailingData,
    /// A counter of records or epochs would overflow; the key must not be used again.
    #[error("the session has sealed as many records as its keys allow; open a new session")]
    Exhausted,
    /// One row (or one dictionary) is larger than a record may be.
    #[error("a single row takes {0} bytes and a record holds at most 16 MiB; select fewer or smaller columns")]
    RowTooLarge(usize),
    /// A query text beyond the limit.
    #[error("the query text has {0} bytes; at most {max} are allowed", max = crate::session::MAX_SQL_BYTES)]
    QueryTooLong(usize),
    /// A stream of record batches that is not valid Arrow IPC.
    #[error("the result is not valid Arrow: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    /// A data key that is not 16, 24 or 32 bytes, or a key id that is empty, too long or used twice.
    #[error("unusable data key: {0}")]
    DataKey(&'static str),
    /// A path that can't be the name of a dataset.
    #[error("not the name of a dataset: {0}")]
    DatasetName(&'static str),
    /// What a client accepts as its tables does not fit into a session.
    #[error("unusable data policy: {0}")]
    DataPolicy(&'static str),
    /// A client key that is not an uncompressed or compressed point on P-384 in the form `p384:<hex>`.
    #[error("not a client key: expected p384: and 98 hexadecimal digits, as 'casemate keys new' prints it")]
    ClientKey,
    /// A file that is not a sealed result.
    #[error("not a sealed result: {0}; was it written by 'casemate sql --sealed -o FILE'?")]
    SealedFile(&'static str),
    /// The sealed result belongs to another result key.
    #[error("this result key does not open the sealed result; pass the keys file that was used for the query")]
    WrongResultKey,
    /// A trust file or an access file with a value that cannot be used.
    #[error("{field}: {problem}")]
    Config {
        /// Where in the file.
        field: String,
        /// What is wrong and what is expected.
        problem: String,
    },
    /// A file that is not JSON of the expected form.
    #[error("not valid JSON for this file: {0}")]
    Json(#[from] serde_json::Error),
    /// The operating system gave no random bytes.
    #[error("no random bytes from the operating system: {0}")]
    Random(#[from] getrandom::Error),
}
