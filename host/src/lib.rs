//! What runs outside the enclave: the client and decryptor, the parent instance's server, and the command line.

#[cfg(feature = "demo")]
pub mod tpch;
pub mod values;
