//! The life of an enclave on its parent instance: whether it can start, starting, watching, starting again.
//!
//! - [`nitro_cli`] runs AWS's `nitro-cli`, reads what it prints, and explains its failures;
//! - [`machine`] and [`advice`] say before a start what stands in its way;
//! - [`launcher`] is what a supervisor starts: an enclave through `nitro-cli`, or any engine by a command;
//! - [`supervisor`] keeps one running for `casemate serve`.

pub mod advice;
pub mod launcher;
pub mod machine;
pub mod nitro_cli;
pub mod supervisor;
