//! A simulated engine and a client of it, for tests.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::access_file::{AccessFile, AccessPolicy, ClientEntry};
use crate::attestation::{PcrSet, SimulatedNsm, SimulatedOptions, TrustPolicy};
use crate::data_policy::DataPolicy;
use crate::handshake::{ClientOptions, ServerOptions, accept, connect};
use crate::identity::ClientIdentity;
use crate::keys::{DataKey, DataKeys};
use crate::session::{ClientSession, ServerSession};
use crate::{Clock, UnixMillis};

/// When all tests happen.
pub(crate) const NOW: UnixMillis = UnixMillis(1_750_000_000_000);
pub(crate) const CLOCK: &Clock = &|| NOW;

/// What both sides have before they meet. Made once: keys on P-384 take their time.
pub(crate) struct World {
    pub(crate) identity: ClientIdentity,
    pub(crate) data_keys: DataKeys,
    pub(crate) data_policy: DataPolicy,
    pub(crate) trust: TrustPolicy,
    pub(crate) access: Arc<AccessPolicy>,
    pub(crate) nsm: Arc<SimulatedNsm>,
}

pub(crate) fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(World::new)
}

impl World {
    pub(crate) fn new() -> Self {
        let options = SimulatedOptions {
            pcrs: (0..3).map(|index| (index, [index + 1; 48])).collect(),
            module_id: "i-0123456789abcdef0-enc0fedcba987654321".into(),
            clock: Arc::new(|| NOW),
        };
        let nsm = Arc::new(SimulatedNsm::generate(options).unwrap());
        let identity = ClientIdentity::generate().unwrap();
        let mut data_keys = DataKeys::new();
        data_keys.insert("tables", DataKey::new(&[42; 32]).unwrap()).unwrap();
        let trust = TrustPolicy {
            roots: vec![nsm.trusted_root()],
            pcr_sets: vec![PcrSet { name: "image".into(), pcrs: nsm.pcrs().clone() }],
            max_age: Duration::from_secs(300),
            policy_hashes: vec![],
        };
        let access = AccessFile {
            clients: vec![ClientEntry { name: "alice".into(), key: identity.public(), memory_limit: None }],
            max_sessions: 4,
            idle_timeout_seconds: 60,
            handshake_timeout_seconds: 10,
        };
        let mut data_policy = DataPolicy::default();
        data_policy.trust(identity.public());
        data_policy.require("sales".parse().unwrap(), 7);
        Self { identity, data_keys, data_policy, trust, access: Arc::new(access.to_policy().unwrap()), nsm }
    }

    pub(crate) fn client(&self) -> ClientOptions<'_> {
        ClientOptions {
            identity: &self.identity,
            data_keys: &self.data_keys,
            data_policy: &self.data_policy,
            trust: &self.trust,
            clock: CLOCK,
        }
    }

    pub(crate) fn server(&self) -> ServerOptions {
        ServerOptions::new(self.nsm.clone(), self.access.clone())
    }
}

/// Both sides of a fresh session over a pipe that holds `capacity` bytes.
pub(crate) async fn open(capacity: usize) -> (ClientSession, ServerSession) {
    let (near, far) = tokio::io::duplex(capacity);
    let options = world().server();
    let (client, server) = tokio::join!(connect(near, world().client()), accept(far, &options));
    (client.unwrap(), server.unwrap())
}
