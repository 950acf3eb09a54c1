//! What one session's queries run in: its own memory pool, object store, datasets, keys and caches, and no disk.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::MemoryPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};

use crate::datasets::{Datasets, GuardedStore};
use crate::keyring::Keyring;
use crate::memory::SessionPool;
use crate::registry::ParentOnlyRegistry;
use crate::sealed_store::SealedStore;
use crate::storage::{ParentStore, StorageClient};

/// Footers that a session keeps, in bytes: as DataFusion holds them, and as they are in files.
const METADATA_CACHE_BYTES: usize = 16 << 20;

/// A session's `RuntimeEnv` with the parts that the engine keeps a hand on.
pub struct Environment {
    /// What DataFusion uses.
    pub runtime: Arc<RuntimeEnv>,
    /// The session's memory.
    pub memory: Arc<SessionPool>,
    /// The session's keys.
    pub keyring: Arc<Keyring>,
    /// Which tables its client accepts.
    pub datasets: Arc<Datasets>,
}

impl Environment {
    /// Puts one together; nothing in it is shared with another session but the budgets behind `memory`.
    ///
    /// # Errors
    /// When DataFusion can't build its part.
    pub fn new(
        memory: SessionPool,
        storage: StorageClient,
        keyring: Arc<Keyring>,
        datasets: Arc<Datasets>,
    ) -> Result<Self> {
        let memory = Arc::new(memory);
        let pool: Arc<dyn MemoryPool> = Arc::clone(&memory) as _;
        let store = ParentStore::new(Arc::new(storage), Arc::clone(&pool));
        let buffers = Arc::clone(store.buffers());
        let store = GuardedStore::new(Arc::new(store), Arc::clone(&datasets));
        // Above the checks of files as they lie there: what they are opened from is authentic.
        let store = SealedStore::new(Arc::new(store), Arc::clone(&keyring), buffers, METADATA_CACHE_BYTES);
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(pool)
            .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
            .with_object_store_registry(Arc::new(ParentOnlyRegistry::new(Arc::new(store))))
            .with_metadata_cache_limit(METADATA_CACHE_BYTES)
            // Listings are made anew: a file that was added since the last query belongs to its table.
            .with_object_list_cache_limit(0)
            .build_arc()?;
        Ok(Environment { runtime, memory, keyring, datasets })
    }
}

#[cfg(test)]
mod tests;
