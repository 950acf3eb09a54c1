//! How much may be read ahead.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::execution::memory_pool::{MemoryLimit, MemoryPool};

/// What the scans of a session may hold ahead together.
pub(super) struct Budget {
    limit: usize,
    used: AtomicUsize,
    memory: Arc<dyn MemoryPool>,
}

impl Budget {
    pub(super) fn new(limit: usize, memory: Arc<dyn MemoryPool>) -> Arc<Self> {
        Arc::new(Budget { limit, used: AtomicUsize::new(0), memory })
    }

    /// A share of `bytes`, given back when it is dropped. Nothing when so much would be too much, or when operators have
    /// taken so much memory that they may soon need the rest.
    pub(super) fn take(self: &Arc<Self>, bytes: usize) -> Option<Share> {
        let ample = match self.memory.memory_limit() {
            MemoryLimit::Finite(limit) => self.memory.reserved().saturating_add(bytes) <= limit / 2,
            _ => true,
        };
        let taken = |used: usize| used.checked_add(bytes).filter(|sum| ample && *sum <= self.limit);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken).ok()?;
        Some(Share { budget: Arc::clone(self), bytes })
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget").field("limit", &self.limit).field("used", &self.used).finish_non_exhaustive()
    }
}

/// Bytes of a [`Budget`].
#[derive(Debug)]
pub(super) struct Share {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::execution::memory_pool::{GreedyMemoryPool, MemoryConsumer, UnboundedMemoryPool};

    #[test]
    fn scans_share_a_limit_and_get_it_back() {
        let budget = Budget::new(100, Arc::new(UnboundedMemoryPool::default()));
        let first = budget.take(60).unwrap();
        assert!(budget.take(41).is_none());
        let second = budget.take(40).unwrap();
        drop(first);
        assert!(budget.take(60).is_some());
        drop(second);
        assert!(budget.take(100).is_some());
        assert!(budget.take(usize::MAX).is_none());
    }

    #[test]
    fn nothing_is_read_ahead_where_half_of_the_memory_is_taken() {
        let memory: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(1000));
        let budget = Budget::new(1000, Arc::clone(&memory));
        let join = MemoryConsumer::new("join").register(&memory);
        join.try_grow(450).unwrap();
        assert!(budget.take(51).is_none());
        assert!(budget.take(50).is_some());
    }
}
