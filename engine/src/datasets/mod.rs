//! Which of the parent's files are a client's tables: the manifests that vouch for them, and the checks of what is read.
//!
//! `session` finds and verifies manifests by the client's data policy and remembers them, `guard` checks the bytes of one file,
//! `store` is the object store that DataFusion sees: nothing reaches it that was not checked. The rules are in
//! `docs/protocol.md` under "Datasets".

mod error;
mod guard;
mod session;
mod store;

pub use session::Datasets;
pub use store::GuardedStore;

#[cfg(test)]
mod tests;
