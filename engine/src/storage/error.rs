//! What can go wrong between the engine and the parent's storage server.

use std::io;
use std::time::Duration;

/// A failed request to the parent's storage server.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StorageError {
    /// There is no connection and none can be made.
    #[error("the parent's storage server can't be reached ({0}): check that 'casemate serve' runs there")]
    Unreachable(io::ErrorKind),
    /// The connection broke while an answer was awaited.
    #[error("the connection to the parent's storage server broke ({0}): run the query again")]
    Lost(io::ErrorKind),
    /// No answer came in time.
    #[error("the parent's storage server did not answer within {} s: run the query again", .0.as_secs_f32())]
    TimedOut(Duration),
    /// An answer that no honest server gives.
    #[error("the parent's storage server broke the protocol: {0}")]
    Misbehaved(&'static str),
    /// Fewer or more bytes than the object was said to have.
    #[error(
        "the parent sent {received} bytes of '{path}' where {expected} were asked for: the file was changed while \
         it was read, or the parent's answers are wrong"
    )]
    WrongLength {
        /// The object.
        path: String,
        /// Bytes that were asked for.
        expected: u64,
        /// Bytes that came.
        received: u64,
    },
    /// The parent has no such object.
    #[error("there is no file '{path}' in the parent's data folder")]
    NotFound {
        /// The object.
        path: String,
    },
    /// The parent refused or failed to answer; the text is its own, shortened and made printable.
    #[error("the parent's storage server could not read '{path}': {message}")]
    Refused {
        /// The object or prefix.
        path: String,
        /// The parent's words.
        message: String,
    },
    /// A request that the protocol can't carry.
    #[error("a path is too long for the parent's storage server: shorten the table's path")]
    TooLong,
}

impl StorageError {
    /// Whether the same request may succeed on a new connection.
    pub(super) fn is_transient(&self) -> bool {
        matches!(self, StorageError::Unreachable(_) | StorageError::Lost(_))
    }
}

impl From<StorageError> for object_store::Error {
    fn from(error: StorageError) -> Self {
        match &error {
            StorageError::NotFound { path } => {
                object_store::Error::NotFound { path: path.clone(), source: Box::new(error) }
            }
            _ => object_store::Error::Generic { store: "parent", source: Box::new(error) },
        }
    }
}

/// The parent's words, cut to a length that fits a message and without control characters.
pub(super) fn printable(text: &str) -> String {
    const MAX_CHARS: usize = 200;
    text.chars().take(MAX_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_object_stays_recognisable_as_such() {
        let error = object_store::Error::from(StorageError::NotFound { path: "x".into() });
        assert!(matches!(error, object_store::Error::NotFound { path, .. } if path == "x"));
    }

    #[test]
    fn the_parents_words_are_cut_and_printable() {
        let text = printable(&format!("\u{1b}[2J{}", "é".repeat(10_000)));
        assert_eq!(text.chars().count(), 200);
        assert!(!text.chars().any(char::is_control));
    }
}
