//! What an engine is started with.

use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use casemate_wire::access_file::AccessPolicy;
use casemate_wire::attestation::nsm::Nsm;

use crate::storage::{StorageConnector, StorageOptions};

/// Everything that an [`Engine`](crate::Engine) needs to know. [`EngineConfig::new`] fills in what has a default.
#[derive(Clone)]
pub struct EngineConfig {
    /// Which clients may use it and what they may use; hashed into what is attested.
    pub access: AccessPolicy,
    /// Memory in bytes that the queries of all sessions may use together.
    pub memory_limit: u64,
    /// What attests the engine.
    pub nsm: Arc<dyn Nsm>,
    /// How the parent's storage server is reached.
    pub storage: Arc<dyn StorageConnector>,
    /// How patient the engine is with the parent's storage server.
    pub storage_options: StorageOptions,
    /// How long a query may take from its start until its last batch is sent; `None` is as long as it likes.
    pub query_timeout: Option<Duration>,
    /// Sessions at once, if fewer than the access policy allows.
    pub max_sessions: Option<usize>,
    /// Handshakes at once; they hold no session.
    pub max_handshakes: usize,
    /// How many parts of a query run at the same time.
    pub target_partitions: usize,
    /// Rows of a record batch.
    pub batch_size: usize,
    /// How long running queries and their clients are given to end when the engine stops.
    pub shutdown_grace: Duration,
}

impl EngineConfig {
    /// A configuration with every default.
    pub fn new(access: AccessPolicy, memory_limit: u64, nsm: Arc<dyn Nsm>, storage: Arc<dyn StorageConnector>) -> Self {
        EngineConfig {
            access,
            memory_limit,
            nsm,
            storage,
            storage_options: StorageOptions::default(),
            query_timeout: None,
            max_sessions: None,
            max_handshakes: 64,
            target_partitions: available_parallelism().map_or(1, usize::from),
            batch_size: 8192,
            shutdown_grace: Duration::from_secs(5),
        }
    }
}
