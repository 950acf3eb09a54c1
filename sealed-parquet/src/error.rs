//! Why a file can't be opened.

/// A file that can't be opened, or a part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes are not those of an encrypted Parquet file.
    #[error("the file is damaged, or no valid encrypted Parquet file: {0}")]
    Malformed(&'static str),
    /// A part of the file does not open although its key is known.
    #[error("{part} of an encrypted file doesn't open: it was altered, moved from elsewhere, or has another key")]
    Altered {
        /// Which part.
        part: &'static str,
    },
    /// The file's footer does not open.
    #[error("the table does not open with this session's key '{id}': it was encrypted with another one, or altered")]
    WrongFooterKey {
        /// The id of the key that was used, made printable.
        id: String,
    },
    /// A key can't be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A column's key can't be had.
    #[error("the column '{column}' can't be read: {cause}")]
    Column {
        /// The column's path, made printable.
        column: String,
        /// Why not.
        cause: KeyError,
    },
    /// The file needs an AAD prefix that the reader doesn't have, or another one.
    #[error("{0}")]
    AadPrefix(&'static str),
    /// Something that writers may do and this reader doesn't read.
    #[error("an encrypted file can't be read: {0}")]
    Unsupported(&'static str),
}

/// Why a file could not be given its key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The reader has no data key of that name.
    #[error("the table is encrypted with the key '{id}', which this session doesn't have: add it to the keys file")]
    Missing {
        /// The key's id as the file names it, made printable.
        id: String,
    },
    /// The reader has no master key of that name.
    #[error(
        "the table is encrypted under the master key '{id}', which this session doesn't have: add it to the keys \
         file as a master key"
    )]
    MissingMaster {
        /// The key's id as the file names it, made printable.
        id: String,
    },
    /// The file doesn't say which key it needs.
    #[error("an encrypted table names no key: write it with key metadata, the key's id or the Parquet key tools'")]
    Unnamed,
    /// The key metadata is something else than an id or key material.
    #[error(
        "an encrypted table names its key in a form that is not supported: the key metadata must be the key's id, \
         as UTF-8 text of at most 128 bytes, or key material of the Parquet key tools"
    )]
    Unreadable,
    /// Key material with a field that is missing or can't be read.
    #[error("the key material of an encrypted table is damaged or of an unknown kind: {0}")]
    Material(&'static str),
    /// The key material is in a file of its own, which is missing or doesn't have it.
    #[error("an encrypted table keeps its key material in the file '{file}' beside it, which {problem}")]
    External {
        /// The file's name, made printable.
        file: String,
        /// What is the matter with it.
        problem: &'static str,
    },
    /// A wrapped key does not open.
    #[error(
        "the table's key does not open with this session's master key '{id}': another master key wrapped it, or a \
         KmsClient that wraps keys in a way of its own"
    )]
    WrongMaster {
        /// The master key's id, made printable.
        id: String,
    },
    /// AES has no keys of that length.
    #[error("the key '{id}' has {bytes} bytes: encrypted Parquet has keys of 16, 24 or 32 bytes")]
    Length {
        /// The key's id, made printable.
        id: String,
        /// Its length.
        bytes: usize,
    },
    /// The operating system gave no random bytes.
    #[error("no random bytes from the operating system")]
    Random,
}

/// A name from a file, cut to a length that fits a message and without control characters.
pub(crate) fn printable(text: &str) -> String {
    text.chars().take(128).map(|c| if c.is_control() { '?' } else { c }).collect()
}
