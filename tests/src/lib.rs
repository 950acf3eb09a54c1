//! What the end-to-end tests share: programs as processes, deployments of them, data, Spark's answers, and parents that lie.
//!
//! The tests are in `end_to_end/`, one subject a file. Helpers panic when something that is not the subject of a test
//! goes wrong, with the output of the process concerned.

pub mod answers;
pub mod data;
pub mod deployment;
pub mod engines;
pub mod meddler;
pub mod process;
pub mod tap;
pub mod tpcds;

use std::time::Duration;

/// How long a test waits for anything at all. What takes longer is broken, or the machine is.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The result of `future`, which must be there within [`PATIENCE`].
///
/// # Panics
/// When it is not, with `what` was awaited.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(result) => result,
        Err(_) => panic!("not within {PATIENCE:?}: {what}"),
    }
}

/// Waits until `condition` holds, for things that send no event.
///
/// # Panics
/// When it doesn't hold within [`PATIENCE`].
pub async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    soon(what, async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}
