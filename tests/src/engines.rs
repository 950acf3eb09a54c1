//! Engines inside a test's process, on real sockets, for what no process shows: their state, and attestation that is wrong.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use casemate_engine::{Engine, EngineConfig, StorageConnector};
use casemate_host::client::Client;
use casemate_host::files::Keys;
use casemate_host::parent::{DataDirectory, ParentServer};
use casemate_wire::UnixMillis;
use casemate_wire::access_file::{AccessFile, ClientEntry};
use casemate_wire::address::Address;
use casemate_wire::attestation::{Nsm, PcrSet, SimulatedNsm, SimulatedOptions, TrustPolicy};
use casemate_wire::data_policy::DataPolicy;
use casemate_wire::transport::{BoxedIo, Listener};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{data, soon};

/// The PCRs of engines inside a test.
pub const PCRS: [(u8, [u8; 48]); 3] = [(0, [0x10; 48]), (1, [0x11; 48]), (2, [0x12; 48])];

/// A simulated NSM with these PCRs, whose clock is off by `seconds`.
///
/// # Panics
/// When its keys can't be made.
pub fn simulated_nsm(pcrs: impl IntoIterator<Item = (u8, [u8; 48])>, seconds: i64) -> SimulatedNsm {
    let clock = move || {
        let now = UnixMillis::from(SystemTime::now());
        let off = Duration::from_secs(seconds.unsigned_abs());
        if seconds < 0 { now.saturating_sub(off) } else { now.saturating_add(off) }
    };
    SimulatedNsm::generate(SimulatedOptions {
        pcrs: pcrs.into_iter().collect::<BTreeMap<_, _>>(),
        module_id: "i-00000000000000000-enc0000000000000000".to_owned(),
        clock: Arc::new(clock),
    })
    .expect("a simulated NSM")
}

/// The trust policy that accepts [`PCRS`] under the root of `nsm`.
pub fn trust(nsm: &SimulatedNsm) -> TrustPolicy {
    TrustPolicy {
        roots: vec![nsm.trusted_root()],
        pcr_sets: vec![PcrSet { name: "test".to_owned(), pcrs: BTreeMap::from(PCRS) }],
        max_age: Duration::from_secs(300),
        policy_hashes: Vec::new(),
    }
}

/// New keys of a client, with the key of the encrypted test tables among them. It accepts every table, signed or not.
///
/// # Panics
/// When there are no random bytes.
pub fn keys() -> Keys {
    let mut keys = Keys::generate().expect("random bytes");
    let key = casemate_wire::keys::DataKey::new(&data::KEY).expect("32 bytes");
    keys.data_keys.insert(data::KEY_ID, key).expect("a new id");
    keys.data_policy = DataPolicy::allow_all();
    keys
}

/// An access file with one client.
pub fn access(keys: &Keys) -> AccessFile {
    AccessFile {
        clients: vec![ClientEntry { name: "alice".to_owned(), key: keys.identity.public(), memory_limit: None }],
        max_sessions: 64,
        idle_timeout_seconds: 600,
        handshake_timeout_seconds: 10,
    }
}

/// An engine that serves a TCP port until it is dropped.
pub struct LocalEngine {
    /// To ask for its state.
    pub engine: Arc<Engine>,
    /// Where it listens.
    pub address: Address,
    _shutdown: DropGuard,
}

impl LocalEngine {
    /// Starts one over an honest parent's `storage`, with a session of the client that it knows.
    ///
    /// # Panics
    /// When it can't start, or refuses the client.
    pub async fn with_client(storage: impl StorageConnector) -> (Self, Client) {
        let nsm = simulated_nsm(PCRS, 0);
        let (keys, trust) = (keys(), trust(&nsm));
        let engine = Self::start(nsm, access(&keys), storage, |_| ()).await;
        let client = soon("a session", Client::connect(&engine.address, &keys, &trust)).await.expect("a session");
        (engine, client)
    }

    /// Starts it.
    ///
    /// # Panics
    /// When it can't start.
    pub async fn start(
        nsm: impl Nsm + 'static,
        access: AccessFile,
        storage: impl StorageConnector,
        change: impl FnOnce(&mut EngineConfig),
    ) -> Self {
        let access = access.to_policy().expect("a usable access file");
        let mut config = EngineConfig::new(access, 512 << 20, Arc::new(nsm), Arc::new(storage));
        change(&mut config);
        let engine = Engine::new(config).expect("a usable configuration");
        let listener = Listener::bind(&Address::Tcp("127.0.0.1:0".to_owned())).await.expect("a free port");
        let address = listener.local_address();
        let shutdown = CancellationToken::new();
        let serving = Arc::clone(&engine);
        let token = shutdown.clone();
        tokio::spawn(async move { serving.serve(listener, token).await });
        Self { engine, address, _shutdown: shutdown.drop_guard() }
    }
}

/// An honest parent's storage server for a folder, in memory.
pub struct Folder(Arc<ParentServer>);

impl Folder {
    /// Serves `path`.
    ///
    /// # Panics
    /// When it is no folder.
    pub fn new(path: &Path) -> Self {
        Self(ParentServer::new(DataDirectory::open(path).expect("a folder"), None))
    }
}

#[async_trait]
impl StorageConnector for Folder {
    async fn connect(&self) -> std::io::Result<BoxedIo> {
        let (engine, server) = tokio::io::duplex(256 << 10);
        let parent = Arc::clone(&self.0);
        tokio::spawn(async move { parent.serve_storage_connection(Box::new(server)).await });
        Ok(Box::new(engine))
    }
}
