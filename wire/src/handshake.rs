//! The handshake: attestation, HPKE to the enclave's session key, the client's identity and keys.

mod client;
mod error;
mod inspect;
mod server;

pub use client::{ClientOptions, connect};
pub use error::HandshakeError;
pub use inspect::{Inspection, inspect};
pub use server::{ServerOptions, accept, refuse};
