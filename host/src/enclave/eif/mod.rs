//! The enclave image format (EIF), version 4: a header, then sections, all numbers big-endian.
//!
//! ```text
//! header, 548 bytes   magic ".eif", version, flags, default memory and CPUs, number of sections,
//!                     32 offsets, 32 sizes, CRC-32 of everything else
//! section, 12 bytes   type, flags, size; then that many bytes
//! ```
//!
//! The sections are the kernel, its command line, metadata (JSON), the ramdisks and, in a signed image, the signature.
//! Written as AWS's crate `aws-nitro-enclaves-image-format` 0.6 writes it, byte for byte (`tests/eif-reference`).

mod header;
mod measure;
mod metadata;
mod reader;
mod signature;
#[cfg(test)]
mod tests;
mod writer;

pub use header::SectionKind;
pub use measure::{Measurements, extend_from_zero};
pub use metadata::{BuildMetadata, Metadata};
pub use reader::{Description, SectionSummary, read};
pub use signature::{SignatureCheck, Signer};
pub use writer::{Eif, write};
