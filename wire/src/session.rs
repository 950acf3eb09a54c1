//! An open session: queries in one direction, sealed results in the other.

mod client;
mod message;
mod server;
mod stream;
mod writer;

pub use client::{ClientReceiver, ClientSender, ClientSession};
pub use message::{EndStatus, MAX_SQL_BYTES, QueryFailure, QueryRequest, StatementSummary};
pub use server::{Request, ResultSealer, ServerReceiver, ServerSender, ServerSession};
pub use stream::{ResultItem, SealedFrame, StreamOpener, StreamSecret};

#[cfg(test)]
mod tests;
