//! Why the machine can't boot.

use std::io;
use std::path::PathBuf;

use casemate_wire::attestation::NsmError;

/// What keeps the first process from running an engine. Texts go to the console.
#[derive(Debug, thiserror::Error)]
pub(super) enum InitError {
    /// A file system is missing.
    #[error("can't mount {target}: {source}; is it configured into the kernel?")]
    Mount {
        /// Where.
        target: &'static str,
        /// The kernel's reason.
        source: io::Error,
    },
    /// The kernel refuses a module of the image.
    #[error(
        "can't load the module {path}: {source}; was it built for this kernel, and do the modules that it needs come first?"
    )]
    Module {
        /// Its file.
        path: PathBuf,
        /// The kernel's reason.
        source: io::Error,
    },
    /// A file of the image can't be used.
    #[error("can't use {path}: {problem}")]
    File {
        /// Its path.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// An option on the kernel's command line makes no sense.
    #[error("the kernel's command line has '{0}': write casemate.parent=CID, for example casemate.parent=3")]
    BootOption(String),
    /// The NSM is there and gives no random bytes.
    #[error("no random numbers for keys: {0}")]
    Random(#[source] NsmError),
    /// The kernel does not take the NSM's random bytes.
    #[error("no random numbers for keys: /dev/random does not take those of the NSM: {0}")]
    RandomPool(#[source] io::Error),
    /// Signals or timers that the kernel refuses.
    #[error("can't watch over the engine: {0}; is epoll configured into the kernel?")]
    Runtime(#[source] io::Error),
    /// The engine's process can't be started.
    #[error("can't start the engine: {0}")]
    Spawn(#[source] io::Error),
}
