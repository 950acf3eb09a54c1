//! The handshake: attestation, HPKE to the enclave's session key, the client's identity and keys.
//!
//! Each side is a chain of types, one for each message it waits for, which do no input or output; the `async`
//! functions [`connect`], [`accept`] and [`inspect`] carry their messages. Nothing secret leaves a client before the engine's
//! attestation document is verified and bound to this very exchange.

mod client;
mod drive;
mod error;
mod inspect;
mod message;
mod server;
mod suite;
mod transcript;

pub use client::ClientOptions;
#[cfg(feature = "emulated-nsm")]
pub use drive::connect_to_emulated;
pub use drive::{accept, connect, inspect, refuse};
pub use error::HandshakeError;
pub use inspect::Inspection;
pub use server::ServerOptions;

#[cfg(test)]
mod tests;
