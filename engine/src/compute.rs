//! The threads that queries are computed on, apart from those that serve connections.
//!
//! A busy query then never keeps a cancellation, a handshake or another session's batch waiting.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};

use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinError, JoinHandle};

/// The threads of all sessions. They end with the last one and start with the next: what libraries left of keys on a
/// thread's stack goes when the operating system takes the stack back, and nothing else can reach it there.
#[derive(Debug)]
pub struct ComputePool {
    threads: usize,
    running: Mutex<Weak<ComputeRuntime>>,
}

impl ComputePool {
    /// A pool that will have `threads` threads.
    pub fn new(threads: usize) -> Self {
        ComputePool { threads, running: Mutex::default() }
    }

    /// The threads, started if no session has them.
    ///
    /// # Errors
    /// When the operating system refuses them.
    pub fn join(&self) -> io::Result<Arc<ComputeRuntime>> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = running.upgrade() {
            return Ok(runtime);
        }
        let runtime = Arc::new(ComputeRuntime::new(self.threads)?);
        *running = Arc::downgrade(&runtime);
        Ok(runtime)
    }
}

/// A runtime of its own. Dropping it ends its tasks without waiting for them.
#[derive(Debug)]
pub struct ComputeRuntime(Option<Runtime>);

impl ComputeRuntime {
    /// Starts `threads` threads.
    ///
    /// # Errors
    /// When the operating system refuses them.
    pub fn new(threads: usize) -> io::Result<Self> {
        let runtime =
            Builder::new_multi_thread().worker_threads(threads.max(1)).thread_name("query").enable_all().build()?;
        Ok(ComputeRuntime(Some(runtime)))
    }

    /// Runs `future` there; dropping the [`Task`] cancels it.
    pub fn spawn<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        match &self.0 {
            Some(runtime) => Task(runtime.spawn(future)),
            // Only `drop` takes the runtime away, and nothing can borrow it then.
            None => Task(tokio::spawn(future)),
        }
    }
}

impl Drop for ComputeRuntime {
    fn drop(&mut self) {
        // Dropping a runtime waits for its threads, which is not allowed on another runtime's thread.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// A running computation that is cancelled when nobody waits for it any more.
#[derive(Debug)]
pub struct Task<T>(JoinHandle<T>);

impl<T> Future for Task<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context)
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;

    #[tokio::test]
    async fn dropping_a_task_cancels_it() {
        let compute = ComputeRuntime::new(1).unwrap();
        let alive = Arc::new(());
        let held = Arc::clone(&alive);
        let task = compute.spawn(async move {
            let _held = held;
            std::future::pending::<()>().await;
        });
        drop(task);
        tokio::time::timeout(Duration::from_secs(10), async {
            while Arc::strong_count(&alive) > 1 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await
        .unwrap();
    }

    #[tokio::test]
    async fn sessions_share_threads_that_end_with_the_last_of_them() {
        let pool = ComputePool::new(1);
        let (one, other) = (pool.join().unwrap(), pool.join().unwrap());
        assert!(Arc::ptr_eq(&one, &other));
        drop(one);
        assert_eq!(other.spawn(async { 7 }).await.unwrap(), 7);
        drop(other);
        assert!(pool.running.lock().unwrap().upgrade().is_none());
        assert_eq!(pool.join().unwrap().spawn(async { 8 }).await.unwrap(), 8);
    }

    #[tokio::test]
    async fn a_panic_reaches_who_waits_and_the_threads_go_on() {
        let compute = ComputeRuntime::new(1).unwrap();
        assert!(compute.spawn(async { panic!("test") }).await.unwrap_err().is_panic());
        assert_eq!(compute.spawn(async { 7 }).await.unwrap(), 7);
    }
}
