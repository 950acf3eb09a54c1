//! What runs outside the enclave: client, decryptor, parent server and command line.

pub mod tpch;
