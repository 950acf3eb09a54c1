//! Parquet Modular Encryption as Spark 3.2 writes and reads it, without an engine around it.
//!
//! Used by the engine (reading) and by the client's side (writing, looking into files). It does no input or output of its
//! own and knows no transport and no DataFusion.
//!
//! - **Keys**: a file names a data key by its id, or has key material of the Parquet key tools, which wraps its keys under
//!   master keys. [`Keys`] is who has both.
//! - **Reading**: [`FooterPlace::find`], [`Footer::parse`] and [`Footer::open`] lead to a [`SealedFile`], which shows the file
//!   as one in the clear. All lengths are checked before anything is allocated for them.
//! - **Writing**: [`Sealer`] makes the encryption properties that the Parquet library's writer takes.

mod aes;
mod error;
mod footer;
mod key_material;
mod module;
mod pages;
mod rewrite;
mod seal;
mod sealed_file;
mod thrift;
mod wrapping;

pub use error::{Error, KeyError};
pub use footer::{Algorithm, Footer, FooterPlace, TAIL_LEN};
pub use key_material::{ExternalMaterial, MAX_EXTERNAL_BYTES, external_file_name};
pub use seal::{KeyLength, SealError, SealOptions, Sealer};
pub use sealed_file::{Column, FreshMemory, Memory, Plan, Protection, SealedFile};
pub use wrapping::{Keys, Secret};

#[cfg(test)]
mod tests;
