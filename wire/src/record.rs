//! The record layer: AES-256-GCM over padded content, with keys and nonces that are derived and never sent.
//!
//! A stream of records has one secret. From it each epoch derives a key and an IV; the nonce of a record is the IV
//! XOR its sequence number, and the whole frame header is associated data. Both sides count records and bytes, so
//! that session, stream, epoch and sequence number of the next record are known before it arrives: a record that
//! was dropped, reordered, replayed or taken from elsewhere does not open. All such failures are the one error
//! [`Error::Unsealing`](crate::Error::Unsealing).

mod cipher;
mod padding;
mod position;
mod schedule;

pub(crate) use cipher::{Opener, Sealer};
pub(crate) use padding::{MAX_CONTENT, content_len, pad, padded_capacity};
pub(crate) use schedule::{DirectionSecret, SECRET_LEN, StreamKeys};

#[cfg(test)]
mod tests;
