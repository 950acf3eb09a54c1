//! The hashes that bind the handshake's messages to each other. Each message is hashed behind its length.

use sha2::{Digest, Sha384};

use super::suite::KEM_LEN;
use crate::identity::PUBLIC_LEN;

/// A SHA-384 value.
pub(super) type Hash = [u8; 48];

/// What the document attests as `user_data`: the client's hello and the engine's, except the document itself.
pub(super) fn attested(client_hello: &[u8], server_hello_without_document: &[u8]) -> Hash {
    hash(b"casemate v1 attested", &[client_hello, server_hello_without_document])
}

/// The `info` of HPKE: both hellos as they were sent.
pub(super) fn hellos(client_hello: &[u8], server_hello: &[u8]) -> Hash {
    hash(b"casemate v1 hellos", &[client_hello, server_hello])
}

/// What stream 0 is bound to in both directions: everything that was sent before it.
pub(super) fn session(hellos: &Hash, client_auth: &[u8]) -> Hash {
    hash(b"casemate v1 session", &[hellos, client_auth])
}

/// What the client signs: both hellos, its encapsulated key, its own public key.
pub(super) fn signed(hellos: &Hash, enc: &[u8; KEM_LEN], identity: &[u8; PUBLIC_LEN]) -> Vec<u8> {
    [b"casemate v1 client signature".as_slice(), hellos, enc, identity].concat()
}

fn hash(label: &[u8], messages: &[&[u8]]) -> Hash {
    let mut hash = Sha384::new();
    hash.update(label);
    for message in messages {
        hash.update((message.len() as u32).to_be_bytes());
        hash.update(message);
    }
    hash.finalize().into()
}
