//! An engine in a process of its own, with a simulated NSM: started from a `casemate` executable, served with files from
//! here, and started again when it dies. Whatever a query does to it, the caller goes on.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use casemate_wire::address::Address;
use casemate_wire::attestation::TrustPolicy;
use casemate_wire::transport::{self, BoxedIo, Listener};
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::embedded::{EmbeddedOptions, half_of_memory};
use crate::error::{HostError, Result};
use crate::files::{load_trust, save_access};
use crate::parent::{DataDirectory, ParentServer};
use crate::process::Process;

/// An engine process and the storage server that it reads tables from. Both end when it is dropped.
pub struct EngineProcess {
    program: PathBuf,
    memory_limit: u64,
    running: Mutex<Option<Running>>,
    /// How often a running engine was ended on purpose.
    ended: AtomicU64,
    folder: TempDir,
    _storage: DropGuard,
}

struct Running {
    process: Process,
    address: Address,
    trust: TrustPolicy,
}

impl EngineProcess {
    /// Starts the storage server and an engine from `program`, a `casemate` executable.
    pub async fn start(program: PathBuf, options: EmbeddedOptions) -> Result<Self> {
        let directory = DataDirectory::open(&options.data)
            .map_err(HostError::io(format!("can't read tables from {}", options.data.display())))?;
        let folder = tempfile::Builder::new()
            .prefix("casemate-")
            .tempdir()
            .map_err(HostError::io("can't make a temporary directory"))?;
        save_access(&options.access_file()?, &folder.path().join("access.json"), false)?;
        let storage = Address::Unix(folder.path().join("storage.sock"));
        let listener =
            Listener::bind(&storage).await.map_err(|source| HostError::Listen { address: storage.clone(), source })?;
        let shutdown = CancellationToken::new();
        tokio::spawn(ParentServer::new(directory, None).serve_storage(listener, shutdown.clone()));
        let engine = Self {
            program,
            memory_limit: options.memory_limit.unwrap_or_else(half_of_memory),
            running: Mutex::new(None),
            ended: AtomicU64::new(0),
            folder,
            _storage: shutdown.drop_guard(),
        };
        *engine.running.lock().await = Some(engine.run().await?);
        Ok(engine)
    }

    /// Opens a connection to the engine, which is started again if it is gone, and says how to trust it.
    pub async fn connect(&self) -> Result<(BoxedIo, TrustPolicy)> {
        let mut running = self.running.lock().await;
        let alive = running.as_mut().is_some_and(|running| running.process.is_running());
        if !alive {
            *running = None;
            *running = Some(self.run().await?);
        }
        let Some(Running { address, trust, .. }) = running.as_ref() else {
            return Err(HostError::Process("the engine is gone".to_owned()));
        };
        let (address, trust) = (address.clone(), trust.clone());
        drop(running);
        let io = transport::connect(&address).await.map_err(|source| HostError::Connect { address, source })?;
        Ok((io, trust))
    }

    /// How often an engine was ended by [`end`](Self::end): who finds a connection broken can tell whether it was that.
    pub fn times_ended(&self) -> u64 {
        self.ended.load(Ordering::Acquire)
    }

    /// Ends the engine at once, sessions and all; the next connection starts another. Nothing happens if it was ended
    /// since `times_ended` had the value `seen`.
    pub async fn end(&self, seen: u64) {
        let mut running = self.running.lock().await;
        if self.ended.compare_exchange(seen, seen + 1, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            *running = None;
        }
    }

    async fn run(&self) -> Result<Running> {
        let in_folder = |name: &str| self.folder.path().join(name);
        let unix = |name: &str| Address::Unix(in_folder(name)).to_string();
        let trust = in_folder("trust.json");
        let arguments: [OsString; 13] = [
            "engine".into(),
            "--listen".into(),
            unix("engine.sock").into(),
            "--storage".into(),
            unix("storage.sock").into(),
            "--access".into(),
            in_folder("access.json").into(),
            "--memory-limit".into(),
            self.memory_limit.to_string().into(),
            "--nsm".into(),
            "simulated".into(),
            "--simulated-trust-out".into(),
            trust.clone().into(),
        ];
        let log = in_folder("engine.log");
        let process = Process::start("engine", &self.program, &arguments, &log).await?;
        let address = Address::Unix(in_folder("engine.sock"));
        Ok(Running { process, address, trust: load_trust(Path::new(&trust))? })
    }
}
