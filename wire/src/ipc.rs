//! Record batches as Arrow IPC messages, one for each record.
//!
//! The content of a record is `body || message || message_len u32`: the message's body, then its metadata (a
//! flatbuffer `Message`), then the length of the metadata. The body comes first so that it can be used where it was
//! decrypted, without another copy. The types that may occur are those of Spark's results, and dictionaries of them.

mod audit;
mod decode;
mod encode;

pub(crate) use decode::{Decoder, Message};
pub(crate) use encode::{Encoded, Encoder};

/// The most rows of one record batch. Columns of type void have no bytes that would bound them.
pub(crate) const MAX_BATCH_ROWS: usize = 1 << 24;

/// The deepest nesting of types.
const MAX_TYPE_DEPTH: usize = 32;

#[cfg(test)]
mod tests;
