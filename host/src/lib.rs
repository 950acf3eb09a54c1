//! What runs outside the enclave: the client and decryptor, the parent instance's server, and the command line.

pub mod files;
pub mod output;
pub mod parent;
#[cfg(feature = "demo")]
pub mod tpch;
pub mod values;
