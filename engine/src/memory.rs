//! Memory: the budgets that a session's queries draw from, and what they say when one is used up.
//!
//! Every session has its own [`SessionPool`]; all of them draw from the engine's one [`Budget`]
//! (`--memory-limit`), and a client with a `memory_limit` in the access file has a budget of its own that
//! all its sessions share. So one client's query ends with an error while the others go on.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryLimit, MemoryPool, MemoryReservation};

use crate::size::ByteSize;

/// Whose limit a budget is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BudgetKind {
    /// The whole engine's: the option `--memory-limit`.
    Engine,
    /// One client's: `memory_limit` in the access file.
    Client,
}

/// An amount of memory that several sessions share.
#[derive(Debug)]
pub struct Budget {
    kind: BudgetKind,
    limit: usize,
    used: AtomicUsize,
}

impl Budget {
    /// A budget of `limit` bytes.
    pub fn new(kind: BudgetKind, limit: u64) -> Arc<Self> {
        // Half the address space: sums of two sizes can't overflow.
        let limit = usize::try_from(limit).unwrap_or(usize::MAX).min(usize::MAX / 2);
        Arc::new(Budget { kind, limit, used: AtomicUsize::new(0) })
    }

    /// Bytes that are reserved now.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    fn try_take(&self, amount: usize) -> bool {
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(amount).filter(|sum| *sum <= self.limit)
            })
            .is_ok()
    }

    fn take(&self, amount: usize) {
        self.used.fetch_add(amount, Ordering::Relaxed);
    }

    fn give_back(&self, amount: usize) {
        self.used.fetch_sub(amount, Ordering::Relaxed);
    }
}

/// A reservation that was refused, in numbers only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denial {
    /// Whose limit it was.
    pub kind: BudgetKind,
    /// That limit in bytes.
    pub limit: usize,
    /// Bytes that were asked for.
    pub requested: usize,
    /// Bytes that the session held at that moment.
    pub held: usize,
    /// Bytes of that budget that other sessions held at that moment.
    pub held_by_others: usize,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = |bytes: usize| ByteSize(bytes as u64);
        write!(
            f,
            "the query needs more memory than it may use: it held {} and asked for {} more, and ",
            size(self.held),
            size(self.requested)
        )?;
        match self.kind {
            BudgetKind::Engine => write!(f, "the engine's limit is {} (--memory-limit)", size(self.limit))?,
            BudgetKind::Client => {
                write!(f, "this client's limit is {} (memory_limit in the engine's access file)", size(self.limit))?
            }
        }
        if self.held_by_others > 0 {
            write!(f, ", of which other sessions held {}: try again later, or", size(self.held_by_others))?;
        } else {
            f.write_str(":")?;
        }
        f.write_str(" read fewer rows or columns, or have the limit raised")
    }
}

/// One session's memory pool: what its queries reserve is taken from every budget it belongs to, or from none.
#[derive(Debug)]
pub struct SessionPool {
    budgets: Vec<Arc<Budget>>,
    used: AtomicUsize,
    denial: Mutex<Option<Denial>>,
}

impl SessionPool {
    /// A pool that draws from the engine's budget and, where there is one, from the client's.
    pub fn new(engine: Arc<Budget>, client: Option<Arc<Budget>>) -> Self {
        // The client's budget comes first, so that its limit is the one that is named when both are short.
        let budgets = client.into_iter().chain([engine]).collect();
        SessionPool { budgets, used: AtomicUsize::new(0), denial: Mutex::new(None) }
    }

    /// The last refusal since the last call.
    pub fn take_denial(&self) -> Option<Denial> {
        self.denial.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn refuse(&self, budget: &Budget, requested: usize) -> DataFusionError {
        let held = self.used.load(Ordering::Relaxed);
        let denial = Denial {
            kind: budget.kind,
            limit: budget.limit,
            requested,
            held,
            held_by_others: budget.used().saturating_sub(held),
        };
        *self.denial.lock().unwrap_or_else(PoisonError::into_inner) = Some(denial);
        DataFusionError::ResourcesExhausted(denial.to_string())
    }
}

impl fmt::Display for SessionPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "session(used: {})", ByteSize(self.reserved() as u64))
    }
}

impl MemoryPool for SessionPool {
    fn name(&self) -> &str {
        "session"
    }

    fn grow(&self, _reservation: &MemoryReservation, additional: usize) {
        self.used.fetch_add(additional, Ordering::Relaxed);
        self.budgets.iter().for_each(|budget| budget.take(additional));
    }

    fn shrink(&self, _reservation: &MemoryReservation, shrink: usize) {
        self.used.fetch_sub(shrink, Ordering::Relaxed);
        self.budgets.iter().for_each(|budget| budget.give_back(shrink));
    }

    fn try_grow(&self, _reservation: &MemoryReservation, additional: usize) -> Result<()> {
        for (index, budget) in self.budgets.iter().enumerate() {
            if !budget.try_take(additional) {
                self.budgets.iter().take(index).for_each(|taken| taken.give_back(additional));
                return Err(self.refuse(budget, additional));
            }
        }
        self.used.fetch_add(additional, Ordering::Relaxed);
        Ok(())
    }

    fn reserved(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    fn memory_limit(&self) -> MemoryLimit {
        match self.budgets.iter().map(|budget| budget.limit).min() {
            Some(limit) => MemoryLimit::Finite(limit),
            None => MemoryLimit::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::execution::memory_pool::MemoryConsumer;

    fn reservation(pool: &Arc<SessionPool>) -> MemoryReservation {
        let pool: Arc<dyn MemoryPool> = Arc::clone(pool) as _;
        MemoryConsumer::new("test").register(&pool)
    }

    #[test]
    fn sessions_share_the_engines_budget_and_get_it_back() {
        let engine = Budget::new(BudgetKind::Engine, 100);
        let first = Arc::new(SessionPool::new(Arc::clone(&engine), None));
        let second = Arc::new(SessionPool::new(Arc::clone(&engine), None));
        let held = reservation(&first);
        held.try_grow(70).unwrap();

        let wanted = reservation(&second);
        wanted.try_grow(31).unwrap_err();
        let denial = second.take_denial().unwrap();
        assert_eq!((denial.kind, denial.held, denial.held_by_others), (BudgetKind::Engine, 0, 70));
        assert!(denial.to_string().contains("--memory-limit") && denial.to_string().contains("try again later"));

        drop(held);
        wanted.try_grow(100).unwrap();
        assert_eq!(engine.used(), 100);
        drop(wanted);
        assert_eq!(engine.used(), 0);
    }

    #[test]
    fn a_clients_limit_is_named_and_nothing_stays_reserved_after_a_refusal() {
        let engine = Budget::new(BudgetKind::Engine, 100);
        let client = Budget::new(BudgetKind::Client, 10);
        let pool = Arc::new(SessionPool::new(Arc::clone(&engine), Some(Arc::clone(&client))));
        let wanted = reservation(&pool);
        let error = wanted.try_grow(11).unwrap_err();
        assert!(matches!(&error, DataFusionError::ResourcesExhausted(text) if text.contains("access file")));
        assert_eq!((engine.used(), client.used(), pool.reserved()), (0, 0, 0));
        assert!(pool.take_denial().is_some());
        assert!(pool.take_denial().is_none());
    }

    #[test]
    fn a_refusal_by_the_engine_gives_the_clients_share_back() {
        let engine = Budget::new(BudgetKind::Engine, 5);
        let client = Budget::new(BudgetKind::Client, 10);
        let pool = Arc::new(SessionPool::new(engine, Some(Arc::clone(&client))));
        reservation(&pool).try_grow(6).unwrap_err();
        assert_eq!(client.used(), 0);
    }

    #[test]
    fn a_reservation_that_would_overflow_is_refused() {
        let engine = Budget::new(BudgetKind::Engine, u64::MAX);
        let pool = Arc::new(SessionPool::new(engine, None));
        let wanted = reservation(&pool);
        wanted.try_grow(1).unwrap();
        wanted.try_grow(usize::MAX).unwrap_err();
    }
}
