//! `casemate serve`: the parent instance's server.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use casemate_wire::address::Address;
use casemate_wire::transport::Listener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;

use super::served_data::ServedData;
use super::supervised::SupervisedArgs;
use crate::cli::{colours, interrupted};
use crate::error::{HostError, Result};
use crate::lifecycle::supervisor::Supervisor;
use crate::parent::{EnclaveConnector, ParentServer, Recorder};

const AFTER_HELP: &str = "\
Examples:
  casemate serve --enclave vsock://16:5005 --data /srv/tables
  casemate serve --listen tcp://0.0.0.0:7400 --enclave unix:///run/casemate/engine.sock --data /srv/tables
  casemate serve --enclave embedded --access access.json --simulated-trust-out trust.json --data .
  casemate serve --enclave-image casemate.eif --cpus 2 --memory 4GiB --data /srv/tables    start it, and keep it running
  casemate serve --enclave unix:///run/e.sock --enclave-command 'exec casemate-engine --listen unix:///run/e.sock ..' --data .

Clients connect to --listen; the enclave asks for files at --storage. This server passes sealed bytes and files on and
holds no key. It reads regular files (or objects) below --data and nothing else, and writes nothing. `listening on ADDR` on stdout
says that it is ready; what passed is counted on stderr at the end (Ctrl-C or SIGTERM).

With --enclave-image (or --enclave-command) the server starts the enclave itself, says hello to it every 30 seconds, and
starts it again when it is gone. Its sessions and their keys are lost then: connected clients are told so, and attest the
next one anew. After --restarts in a row, the server ends with exit code 1.";

/// VMADDR_CID_ANY: a vsock listener for every context id.
const ANY_CID: u32 = u32::MAX;

/// Where an enclave on vsock expects its parent's storage server.
const STORAGE_PORT: u32 = 5006;

/// Arguments of `casemate serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Where clients connect
    #[arg(long, value_name = "ADDR", default_value = "tcp://127.0.0.1:7400")]
    listen: Address,
    /// The enclave: its address, or `embedded` for an engine inside this process (simulated) [default with
    /// --enclave-image: vsock://16:5005]
    #[arg(long, value_name = "ADDR|embedded", required_unless_present = "enclave_image")]
    enclave: Option<Enclave>,
    #[command(flatten)]
    data: ServedData,
    /// Where the enclave asks for files [default: vsock://any:5006 for an enclave on vsock, vsock+unix://PATH:5006 for
    /// one on vsock+unix://PATH:PORT, PATH.storage for one on unix://PATH]
    #[arg(long, value_name = "ADDR")]
    storage: Option<Address>,
    /// Write every byte that passes to files in this directory, to look through later
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
    /// The access file of the embedded engine
    #[arg(long, value_name = "FILE", help_heading = "With --enclave embedded")]
    access: Option<PathBuf>,
    /// What the embedded engine may use, such as 512MiB [default: half of this machine's memory]
    #[arg(long, value_name = "SIZE", help_heading = "With --enclave embedded")]
    memory_limit: Option<String>,
    /// Where to write the trust file that accepts the embedded engine
    #[arg(long, value_name = "FILE", help_heading = "With --enclave embedded")]
    simulated_trust_out: Option<PathBuf>,
    #[command(flatten)]
    supervised: SupervisedArgs,
}

/// Where an enclave listens that this server starts, unless it is told otherwise.
const DEFAULT_ENCLAVE: Address = Address::Vsock { cid: 16, port: 5005 };

#[derive(Clone, Debug)]
enum Enclave {
    Embedded,
    At(Address),
}

impl FromStr for Enclave {
    type Err = <Address as FromStr>::Err;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        if text == "embedded" { Ok(Self::Embedded) } else { text.parse().map(Self::At) }
    }
}

impl Args {
    /// Where the enclave listens; `None` if it is embedded.
    fn address(&self) -> Option<Address> {
        match &self.enclave {
            None => Some(DEFAULT_ENCLAVE),
            Some(Enclave::At(address)) => Some(address.clone()),
            Some(Enclave::Embedded) => None,
        }
    }
}

/// Runs the command until a signal ends it.
pub(crate) async fn run(args: Args) -> Result<()> {
    log_to_stderr();
    let recorder = args.record.as_deref().map(Recorder::new).transpose();
    let recorder = recorder.map_err(HostError::io("can't record"))?;
    let server = ParentServer::new(args.data.open()?, recorder);
    let shutdown = CancellationToken::new();
    let storage = serve_storage(&args, &server, &shutdown).await?;
    // Before the enclave is started: who can't listen has no use for it.
    let listener = listen(&args.listen).await?;
    let ready = listener.local_address();
    let supervisor = start_supervised(&args).await?;
    let enclave: Arc<dyn EnclaveConnector> = match &supervisor {
        Some(supervisor) => supervisor.clone(),
        None => connector(&args, &server).await?,
    };
    let clients = tokio::spawn(server.clone().serve_clients(listener, enclave, shutdown.clone()));
    println!("listening on {ready}");
    let ended = until_ended(supervisor.as_deref(), &shutdown).await;
    // Both only end; a panic in one was already reported.
    let _ = clients.await;
    if let Some(storage) = storage {
        let _ = storage.await;
    }
    eprintln!("{}", server.counters().values());
    ended
}

/// Waits for a signal, or for a supervisor that gives up. Everything has been told to end then.
async fn until_ended(supervisor: Option<&Supervisor>, shutdown: &CancellationToken) -> Result<()> {
    let Some(supervisor) = supervisor else {
        interrupted().await;
        shutdown.cancel();
        return Ok(());
    };
    let signal = async {
        interrupted().await;
        shutdown.cancel();
        std::future::pending().await
    };
    let ended = tokio::select! {
        ended = supervisor.run(shutdown) => ended,
        () = signal => Ok(()),
    };
    shutdown.cancel();
    Ok(ended?)
}

/// Starts the enclave, if that was asked for, and waits until it answers. A signal meanwhile ends it again.
async fn start_supervised(args: &Args) -> Result<Option<Arc<Supervisor>>> {
    let Some(supervisor) = args.supervised.supervisor(args.address())? else { return Ok(None) };
    tokio::select! {
        started = supervisor.start() => started?,
        () = interrupted() => {
            supervisor.stop().await;
            return Err(HostError::Lifecycle("interrupted while the enclave was being started".to_owned()));
        }
    }
    Ok(Some(supervisor))
}

/// Sends this crate's and the engine's own events to stderr, and nothing that a library says: that might quote a query.
fn log_to_stderr() {
    let own = Targets::new()
        .with_target("casemate_host", LevelFilter::INFO)
        .with_target("casemate_engine", LevelFilter::INFO);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours()).with_target(false);
    // Not `init`, which would also collect the `log` records of libraries. It fails if there is a collector already.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(own).with(lines));
}

async fn listen(address: &Address) -> Result<Listener> {
    Listener::bind(address).await.map_err(|source| HostError::Listen { address: address.clone(), source })
}

/// Starts to answer storage requests; an embedded engine needs no address for that.
async fn serve_storage(
    args: &Args,
    server: &Arc<ParentServer>,
    shutdown: &CancellationToken,
) -> Result<Option<JoinHandle<()>>> {
    let Some(address) = storage_address(args)? else { return Ok(None) };
    let listener = listen(&address).await?;
    tracing::info!("files below {} for the enclave at {}", args.data, listener.local_address());
    Ok(Some(tokio::spawn(server.clone().serve_storage(listener, shutdown.clone()))))
}

fn storage_address(args: &Args) -> Result<Option<Address>> {
    match (&args.storage, args.address()) {
        (Some(address), _) => Ok(Some(address.clone())),
        (None, None) => Ok(None),
        (None, Some(Address::Vsock { .. })) => Ok(Some(Address::Vsock { cid: ANY_CID, port: STORAGE_PORT })),
        (None, Some(Address::HybridVsock { path, .. })) => Ok(Some(Address::HybridVsock { path, port: STORAGE_PORT })),
        (None, Some(Address::Unix(path))) => {
            let mut path = path.into_os_string();
            path.push(".storage");
            Ok(Some(Address::Unix(path.into())))
        }
        (None, Some(Address::Tcp(_))) => Err(HostError::Usage(
            "an enclave on TCP needs --storage ADDR: the address where it asks for files (its own --storage)"
                .to_owned(),
        )),
    }
}

async fn connector(args: &Args, server: &Arc<ParentServer>) -> Result<Arc<dyn EnclaveConnector>> {
    match args.address() {
        Some(address) => {
            if args.access.is_some() || args.memory_limit.is_some() || args.simulated_trust_out.is_some() {
                let text = "--access, --memory-limit and --simulated-trust-out belong to --enclave embedded: \
                            give them to the engine itself";
                return Err(HostError::Usage(text.to_owned()));
            }
            Ok(Arc::new(address))
        }
        None => embedded(args, server).await,
    }
}

#[cfg(feature = "embedded")]
async fn embedded(args: &Args, server: &Arc<ParentServer>) -> Result<Arc<dyn EnclaveConnector>> {
    use casemate_wire::trust_file::TrustFile;

    use super::session::parse_size;
    use crate::embedded::Embedded;
    use crate::files::{load_access, save_trust};

    let Some(access) = &args.access else {
        let text = "--enclave embedded needs --access FILE: the clients it accepts (`casemate access new`)";
        return Err(HostError::Usage(text.to_owned()));
    };
    let (_, access) = load_access(access)?;
    let memory_limit = args.memory_limit.as_deref().map(parse_size).transpose()?;
    casemate_engine::hide_panic_messages();
    let engine = Embedded::with_parent(server.clone(), access, memory_limit)?;
    super::warn_simulated("the engine is a part of this server, which");
    match &args.simulated_trust_out {
        Some(path) => save_trust(&TrustFile::from_policy(engine.trust()), path, true)?,
        None => tracing::warn!("clients need a trust file to accept this engine: add --simulated-trust-out FILE"),
    }
    Ok(Arc::new(engine))
}

#[cfg(not(feature = "embedded"))]
async fn embedded(_args: &Args, _server: &Arc<ParentServer>) -> Result<Arc<dyn EnclaveConnector>> {
    Err(HostError::Usage("this program was built without an embedded engine: name the enclave's address".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(enclave: &str, storage: Option<&str>) -> Args {
        Args {
            listen: "tcp://127.0.0.1:0".parse().unwrap(),
            enclave: Some(enclave.parse().unwrap()),
            data: ServedData::directory("."),
            storage: storage.map(|address| address.parse().unwrap()),
            record: None,
            access: None,
            memory_limit: None,
            simulated_trust_out: None,
            supervised: SupervisedArgs::default(),
        }
    }

    fn storage(enclave: &str, storage: Option<&str>) -> String {
        storage_address(&args(enclave, storage)).unwrap().map(|address| address.to_string()).unwrap_or_default()
    }

    #[test]
    fn storage_is_served_where_the_enclave_looks_for_it() {
        assert_eq!(storage("vsock://16:5005", None), "vsock://any:5006");
        assert_eq!(storage("vsock+unix:///run/e.vsock:5005", None), "vsock+unix:///run/e.vsock:5006");
        assert_eq!(storage("unix:///run/e.sock", None), "unix:///run/e.sock.storage");
        assert_eq!(storage("unix:///run/e.sock", Some("tcp://127.0.0.1:9")), "tcp://127.0.0.1:9");
        assert_eq!(storage("embedded", None), "");
        assert!(matches!(storage_address(&args("tcp://127.0.0.1:1", None)), Err(HostError::Usage(_))));
    }
}
