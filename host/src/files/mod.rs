//! The files of a client and of an engine's operator: keys (secret), trust and access (public), all JSON.

mod access;
mod data_policy;
mod keys;
mod rollout;
mod signing;
mod store;
mod trust;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

pub use access::{add_client, load_access, new_access, remove_client, save_access};
pub use keys::Keys;
pub use rollout::{accept_image, add_image, add_policy, remove_image, remove_policy};
pub use signing::load_signing_pair;
pub use trust::{
    DEFAULT_MAX_AGE_SECONDS, TrustOptions, load_trust, load_trust_file, new_trust, pcr_set_from_measurements,
    save_trust,
};

/// Writes a file that everybody may read: whole, or not at all. One that is there is replaced only with `force`.
///
/// # Errors
/// When it is there already, or when `content` or the operating system fails.
pub fn write_public<T>(
    path: &Path,
    force: bool,
    content: impl FnOnce(&mut File) -> io::Result<T>,
) -> Result<T, FileError> {
    store::write_with(path, store::Access::Public, force, content)
}

/// Why a file could not be read or written; each message says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is no such file.
    #[error("there is no {kind} file {}: {hint}", path.display())]
    Missing {
        /// What the file is for.
        kind: &'static str,
        /// Where it was looked for.
        path: PathBuf,
        /// How to make one.
        hint: &'static str,
    },
    /// A secret that others on this machine can read.
    #[error("{} holds secret keys, and others on this machine can read it (mode {mode:04o}): run `chmod 600 {}`, and make new keys if somebody may have read it", path.display(), path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A file that would be overwritten.
    #[error("{} is there already and was left as it is: choose another name, or add --force to replace it", .0.display())]
    Exists(PathBuf),
    /// The content is not what it should be. The problem never quotes the content of a secret file.
    #[error("{} can't be used as {kind} file: {problem}", path.display())]
    Malformed {
        /// What the file is for.
        kind: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The operating system refused.
    #[error("{} can't be {action}: {source}", path.display())]
    Io {
        /// `read` or `written`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A value for a file that can't be used.
    #[error("{0}")]
    Value(String),
}
