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
use crate::cli::{colours, interrupted};
use crate::error::{HostError, Result};
use crate::parent::{EnclaveConnector, ParentServer, Recorder};

const AFTER_HELP: &str = "\
Examples:
  casemate serve --enclave vsock://16:5005 --data /srv/tables
  casemate serve --listen tcp://0.0.0.0:7400 --enclave unix:///run/casemate/engine.sock --data /srv/tables
  casemate serve --enclave embedded --access access.json --simulated-trust-out trust.json --data .

Clients connect to --listen; the enclave asks for files at --storage. This server passes sealed bytes and files on and
holds no key. It reads regular files (or objects) below --data and nothing else, and writes nothing. `listening on ADDR` on stdout
says that it is ready; what passed is counted on stderr at the end (Ctrl-C or SIGTERM).";

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
    /// The enclave: its address, or `embedded` for an engine inside this process (simulated)
    #[arg(long, value_name = "ADDR|embedded")]
    enclave: Enclave,
    #[command(flatten)]
    data: ServedData,
    /// Where the enclave asks for files [default: vsock://any:5006 for an enclave on vsock, PATH.storage for one on
    /// unix://PATH]
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
}

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

/// Runs the command until a signal ends it.
pub(crate) async fn run(args: Args) -> Result<()> {
    log_to_stderr();
    let recorder = args.record.as_deref().map(Recorder::new).transpose();
    let recorder = recorder.map_err(HostError::io("can't record"))?;
    let server = ParentServer::new(args.data.open()?, recorder);
    let shutdown = CancellationToken::new();
    let storage = serve_storage(&args, &server, &shutdown).await?;
    let enclave = connector(&args, &server).await?;
    let listener = listen(&args.listen).await?;
    let ready = listener.local_address();
    let clients = tokio::spawn(server.clone().serve_clients(listener, enclave, shutdown.clone()));
    println!("listening on {ready}");
    interrupted().await;
    shutdown.cancel();
    // Both only end; a panic in one was already reported.
    let _ = clients.await;
    if let Some(storage) = storage {
        let _ = storage.await;
    }
    eprintln!("{}", server.counters().values());
    Ok(())
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
    match (&args.storage, &args.enclave) {
        (Some(address), _) => Ok(Some(address.clone())),
        (None, Enclave::Embedded) => Ok(None),
        (None, Enclave::At(Address::Vsock { .. })) => Ok(Some(Address::Vsock { cid: ANY_CID, port: STORAGE_PORT })),
        (None, Enclave::At(Address::Unix(path))) => {
            let mut path = path.clone().into_os_string();
            path.push(".storage");
            Ok(Some(Address::Unix(path.into())))
        }
        (None, Enclave::At(Address::Tcp(_))) => Err(HostError::Usage(
            "an enclave on TCP needs --storage ADDR: the address where it asks for files (its own --storage)"
                .to_owned(),
        )),
    }
}

async fn connector(args: &Args, server: &Arc<ParentServer>) -> Result<Arc<dyn EnclaveConnector>> {
    match &args.enclave {
        Enclave::At(address) => {
            if args.access.is_some() || args.memory_limit.is_some() || args.simulated_trust_out.is_some() {
                let text = "--access, --memory-limit and --simulated-trust-out belong to --enclave embedded: \
                            give them to the engine itself";
                return Err(HostError::Usage(text.to_owned()));
            }
            Ok(Arc::new(address.clone()))
        }
        Enclave::Embedded => embedded(args, server).await,
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
            enclave: enclave.parse().unwrap(),
            data: ServedData::directory("."),
            storage: storage.map(|address| address.parse().unwrap()),
            record: None,
            access: None,
            memory_limit: None,
            simulated_trust_out: None,
        }
    }

    fn storage(enclave: &str, storage: Option<&str>) -> String {
        storage_address(&args(enclave, storage)).unwrap().map(|address| address.to_string()).unwrap_or_default()
    }

    #[test]
    fn storage_is_served_where_the_enclave_looks_for_it() {
        assert_eq!(storage("vsock://16:5005", None), "vsock://any:5006");
        assert_eq!(storage("unix:///run/e.sock", None), "unix:///run/e.sock.storage");
        assert_eq!(storage("unix:///run/e.sock", Some("tcp://127.0.0.1:9")), "tcp://127.0.0.1:9");
        assert_eq!(storage("embedded", None), "");
        assert!(matches!(storage_address(&args("tcp://127.0.0.1:1", None)), Err(HostError::Usage(_))));
    }
}
