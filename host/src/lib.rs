//! What runs outside the enclave: the client and decryptor, the parent instance's server, and the command line.
//!
//! - [`client`] attests an engine, sends it keys and SQL, and opens the sealed answers;
//! - [`lifecycle`] starts enclaves through `nitro-cli`, watches them, and starts them again;
//! - [`parent`] relays sealed bytes to the enclave and serves it the files of one directory;
//! - [`dataset`] seals, signs and verifies the tables that the engine reads;
//! - [`files`] are the keys, trust and access files;
//! - [`output`] writes results as tables, CSV, JSON lines, Arrow IPC and Parquet;
//! - [`sealed`] keeps answers sealed on disk and opens them later;
//! - [`statements`] answers JSON lines for test suites;
//! - [`enclave`] builds and reads enclave images;
//! - [`embedded`] (feature `embedded`) is an engine inside this process, with a simulated NSM;
//! - [`engine_process`] (feature `embedded`) is the same in a process of its own, restarted when it dies;
//! - [`demo`] and [`tpch`] (feature `demo`) are the demonstration and its tables and queries.

pub mod cli;
pub mod client;
mod commands;
pub mod dataset;
#[cfg(feature = "demo")]
pub mod demo;
#[cfg(feature = "embedded")]
pub mod embedded;
pub mod enclave;
#[cfg(feature = "embedded")]
pub mod engine_process;
mod error;
pub mod files;
pub mod lifecycle;
pub mod output;
pub mod parent;
#[cfg(feature = "embedded")]
mod process;
mod progress;
pub mod sealed;
pub mod statements;
#[cfg(feature = "demo")]
pub mod tpch;

pub use error::{ExitStatus, HostError, Result};
