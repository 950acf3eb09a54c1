//! The query engine that runs inside the enclave.
//!
//! An [`Engine`] attests itself to each client that connects, takes the client's data keys for the time of a
//! session, runs its queries over tables that it reads through the parent's storage server, and sends every
//! record batch sealed. Nothing is shared between sessions but the memory budget and the threads; the engine
//! has no disk, and its log holds numbers and addresses only.
//!
//! From the outside in: `cli` starts it, `engine` accepts connections, `session` serves one client, `query`
//! runs one query, `execute` is the way into the SQL library, `environment` is what a session's queries may
//! touch (`memory`, `storage`, `datasets`, `sealed_store`, `keyring`, `registry`). `init` is what comes before all that in an
//! enclave.

pub mod cli;
mod compute;
mod config;
mod datasets;
mod engine;
mod environment;
mod error;
mod events;
mod execute;
mod failure;
#[cfg(target_os = "linux")]
pub mod init;
mod keyring;
pub mod measurement;
mod memory;
mod query;
mod read_only;
mod registry;
mod requests;
mod sealed_store;
mod session;
mod size;
mod stop;
pub mod storage;
#[cfg(test)]
mod testing;
mod wipe;

pub use config::EngineConfig;
pub use engine::Engine;
pub use error::EngineError;
pub use events::{hide_panic_messages, log_to_stderr};
pub use storage::{AddressConnector, StorageConnector};
pub use wipe::WipingAllocator;
