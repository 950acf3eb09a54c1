//! Sessions without sockets: a client and an engine's side of the protocol on an in-memory pipe.

use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use casemate_wire::UnixMillis;
use casemate_wire::access_file::{AccessFile, ClientEntry};
use casemate_wire::attestation::{Nsm, PcrSet, SimulatedNsm, SimulatedOptions, TrustPolicy};
use casemate_wire::data_policy::DataPolicy;
use casemate_wire::handshake::{ClientOptions, HandshakeError, ServerOptions, accept, connect};
use casemate_wire::identity::ClientIdentity;
use casemate_wire::keys::DataKeys;
use casemate_wire::session::{ClientSession, ServerSession};
use casemate_wire::transport::Io;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

/// Bytes that one direction of a pipe holds: more than a record, so that one thread can write it and then read it.
pub const PIPE_BYTES: usize = 32 << 20;

/// A client and an engine that accept each other.
pub struct Parties {
    identity: ClientIdentity,
    data_keys: DataKeys,
    data_policy: DataPolicy,
    trust: TrustPolicy,
    server: ServerOptions,
}

impl Parties {
    /// A client and an engine whose NSM is `wrap`ped simulated one.
    ///
    /// # Panics
    /// When keys can't be made.
    pub fn new<N: Nsm + 'static>(wrap: impl FnOnce(SimulatedNsm) -> N) -> Self {
        let pcrs = BTreeMap::from([(0, [1; 48]), (1, [2; 48]), (2, [3; 48])]);
        let nsm = SimulatedNsm::generate(SimulatedOptions {
            pcrs: pcrs.clone(),
            module_id: "i-00000000000000000-enc0000000000000000".to_owned(),
            clock: Arc::new(now),
        })
        .expect("a simulated NSM");
        let trust = TrustPolicy {
            roots: vec![nsm.trusted_root()],
            pcr_sets: vec![PcrSet { name: "bench".to_owned(), pcrs }],
            max_age: Duration::from_secs(300),
            policy_hashes: Vec::new(),
        };
        let identity = ClientIdentity::generate().expect("random bytes");
        let client = ClientEntry { name: "bench".to_owned(), key: identity.public(), memory_limit: None };
        let access = AccessFile {
            clients: vec![client],
            max_sessions: 64,
            idle_timeout_seconds: 600,
            handshake_timeout_seconds: 10,
        };
        let access = access.to_policy().expect("a usable access file");
        let server = ServerOptions::new(Arc::new(wrap(nsm)), Arc::new(access));
        Self { identity, data_keys: DataKeys::new(), data_policy: DataPolicy::default(), trust, server }
    }

    /// The client's side of a handshake.
    ///
    /// # Errors
    /// When the engine's side does not do its part.
    pub async fn connect<S: Io + 'static>(&self, io: S) -> Result<ClientSession, HandshakeError> {
        let options = ClientOptions {
            identity: &self.identity,
            data_keys: &self.data_keys,
            data_policy: &self.data_policy,
            trust: &self.trust,
            clock: &now,
        };
        connect(io, options).await
    }

    /// The engine's side of a handshake.
    ///
    /// # Errors
    /// When the client's side does not do its part.
    pub async fn accept<S: Io + 'static>(&self, io: S) -> Result<ServerSession, HandshakeError> {
        accept(io, &self.server).await
    }

    /// An open session, whose engine's side can be cut off with [`Drain`].
    ///
    /// # Panics
    /// When the handshake fails.
    pub async fn session(&self) -> (ClientSession, ServerSession, Drain) {
        let (near, far) = tokio::io::duplex(PIPE_BYTES);
        let drain = Drain::default();
        let far = Drained { io: far, drain: drain.clone() };
        let (client, server) = tokio::join!(self.connect(near), self.accept(far));
        (client.expect("the client's side"), server.expect("the engine's side"), drain)
    }
}

/// The machine's clock.
fn now() -> UnixMillis {
    UnixMillis::from(SystemTime::now())
}

/// Once opened, everything that the engine's side writes is dropped, as if the network were infinitely fast.
#[derive(Clone, Default)]
pub struct Drain(Arc<AtomicBool>);

impl Drain {
    /// Opens it.
    pub fn open(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Drained {
    io: DuplexStream,
    drain: Drain,
}

impl AsyncRead for Drained {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Drained {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.drain.0.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
