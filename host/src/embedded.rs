//! An engine inside this process: the same engine, protocol and verifier as an enclave's, over in-memory pipes, with a
//! simulated NSM whose root is made at the start and accepted because the caller asked for an embedded engine.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use casemate_engine::cli::{simulate_nsm, simulated_trust_file};
use casemate_engine::storage::StorageConnector;
use casemate_engine::{Engine, EngineConfig};
use casemate_wire::access_file::{AccessFile, AccessPolicy};
use casemate_wire::attestation::TrustPolicy;
use casemate_wire::identity::ClientPublicKey;
use casemate_wire::transport::BoxedIo;

use crate::error::{HostError, Result};
use crate::files::new_access;
use crate::parent::{DataDirectory, EnclaveConnector, ParentServer};

/// Bytes that one direction of an in-memory pipe holds.
const PIPE_BYTES: usize = 256 * 1024;

/// Sessions of the one client of an embedded engine.
const MAX_SESSIONS: u32 = 4096;

/// Memory for queries where this machine does not say how much it has.
const FALLBACK_MEMORY: u64 = 2 << 30;

/// What an embedded engine is started with.
#[derive(Clone, Debug)]
pub struct EmbeddedOptions {
    /// The directory that it reads tables from.
    pub data: PathBuf,
    /// Memory in bytes for all queries; half of this machine's if `None`.
    pub memory_limit: Option<u64>,
    /// The one client that it accepts.
    pub client: ClientPublicKey,
}

impl EmbeddedOptions {
    /// Lets in the one client. What bounds its sessions is this machine's memory.
    pub(crate) fn access_file(&self) -> Result<AccessFile> {
        let mut access = new_access(vec![("embedded".to_owned(), self.client.clone())])?;
        access.max_sessions = MAX_SESSIONS;
        Ok(access)
    }
}

/// An engine in this process. Sessions end when it is dropped.
pub struct Embedded {
    engine: Arc<Engine>,
    trust: TrustPolicy,
}

impl Embedded {
    /// Starts an engine with a storage server of its own.
    pub fn start(options: EmbeddedOptions) -> Result<Self> {
        let directory = DataDirectory::open(&options.data)
            .map_err(HostError::io(format!("can't read tables from {}", options.data.display())))?;
        let access = options.access_file()?.to_policy()?;
        Self::with_parent(ParentServer::new(directory, None), access, options.memory_limit)
    }

    /// Starts an engine that asks `parent` for files.
    pub fn with_parent(parent: Arc<ParentServer>, access: AccessPolicy, memory_limit: Option<u64>) -> Result<Self> {
        let failed = |error: &dyn std::fmt::Display| HostError::Embedded(error.to_string());
        let nsm = simulate_nsm(&access).map_err(|error| failed(&error))?;
        let trust = simulated_trust_file(&nsm).to_policy()?;
        let memory_limit = memory_limit.unwrap_or_else(half_of_memory);
        let config = EngineConfig::new(access, memory_limit, Arc::new(nsm), Arc::new(InMemoryStorage(parent)));
        let engine = Engine::new(config).map_err(|error| failed(&error))?;
        Ok(Self { engine, trust })
    }

    /// What a client needs to accept this engine and no other.
    pub fn trust(&self) -> &TrustPolicy {
        &self.trust
    }

    /// Opens a connection to the engine.
    pub fn connect(&self) -> BoxedIo {
        let (client, server) = tokio::io::duplex(PIPE_BYTES);
        let engine = self.engine.clone();
        tokio::spawn(async move { engine.serve_connection(Box::new(server)).await });
        Box::new(client)
    }
}

#[async_trait]
impl EnclaveConnector for Embedded {
    async fn connect(&self) -> io::Result<BoxedIo> {
        Ok(Embedded::connect(self))
    }

    fn describe(&self) -> String {
        "embedded".to_owned()
    }
}

/// The parent's storage server at the other end of an in-memory pipe.
struct InMemoryStorage(Arc<ParentServer>);

#[async_trait]
impl StorageConnector for InMemoryStorage {
    async fn connect(&self) -> io::Result<BoxedIo> {
        let (engine, server) = tokio::io::duplex(PIPE_BYTES);
        let parent = self.0.clone();
        tokio::spawn(async move { parent.serve_storage_connection(Box::new(server)).await });
        Ok(Box::new(engine))
    }
}

/// Half of the memory that Linux says this machine has (`MemTotal` of proc(5)).
pub(crate) fn half_of_memory() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = total.and_then(|total| total.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.map_or(FALLBACK_MEMORY, |kib| kib * 1024 / 2)
}
