//! The command line of the engine, used by its own binary and by the hidden `casemate engine`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use casemate_wire::UnixMillis;
use casemate_wire::access_file::{AccessFile, AccessPolicy, parse_size, policy_hash};
use casemate_wire::address::Address;
use casemate_wire::attestation::{
    DeviceNsm, Nsm, POLICY_PCR, PcrSet, SimulatedNsm, SimulatedOptions, TrustPolicy, policy_pcr,
};
use casemate_wire::transport::Listener;
use casemate_wire::trust_file::TrustFile;
use clap::{Parser, ValueEnum};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::config::EngineConfig;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::events::{self, Event};
use crate::measurement::simulated_pcrs;
use crate::storage::AddressConnector;

/// The query engine that runs inside the enclave.
///
/// It attests itself to each client, takes the client's data keys for the time of a session, reads tables
/// through the parent's storage server, and sends every record batch of a result sealed to that client.
#[derive(Debug, Parser)]
#[command(name = "casemate-engine", version, after_long_help = EXAMPLES)]
struct Arguments {
    /// Where clients connect: vsock://CID:PORT, unix:///PATH or tcp://HOST:PORT (port 0 takes a free one)
    #[arg(long, value_name = "ADDR")]
    listen: Address,
    /// Where the parent's storage server listens, in the same forms
    #[arg(long, value_name = "ADDR")]
    storage: Address,
    /// The access file (JSON): which client keys may use this engine, and its limits
    #[arg(long, value_name = "FILE")]
    access: PathBuf,
    /// Memory that the queries of all sessions may use together, for example 2GiB
    #[arg(long, value_name = "SIZE", value_parser = size)]
    memory_limit: u64,
    /// What attests this engine: the enclave's device, or a simulation that proves nothing
    #[arg(long, value_enum)]
    nsm: NsmKind,
    /// Write a trust file here that accepts this simulated engine, for the clients of a test; `-` is the standard output
    #[arg(long, value_name = "FILE")]
    simulated_trust_out: Option<PathBuf>,
    /// Seconds that a query may take until its last batch is sent [default: no limit]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    query_timeout: Option<Duration>,
    /// Sessions at once, if fewer than the access file allows
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    max_sessions: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum NsmKind {
    /// /dev/nsm of a Nitro enclave
    Device,
    /// Keys and certificates made at start; for development only
    Simulated,
}

const EXAMPLES: &str = "\
Examples:
  In an enclave, with the parent's storage server on vsock port 5006:
    casemate-engine --listen vsock://4294967295:5005 --storage vsock://3:5006 \\
        --access /etc/casemate/access.json --memory-limit 6GiB --nsm device

  For development, on one machine without an enclave:
    casemate-engine --listen unix:///tmp/engine.sock --storage unix:///tmp/storage.sock \\
        --access access.json --memory-limit 1GiB --nsm simulated --simulated-trust-out trust.json

When it is ready it prints one line to the standard output: listening on ADDR
SIGTERM or SIGINT stop it: running queries are cancelled and their clients told so.

Exit codes: 0 stopped by a signal, 1 could not start or go on, 2 wrong usage.";

const SIMULATED_WARNING: &str = "\
*****************************************************************************
* SIMULATED: this engine's attestation proves NOTHING. It is not protected  *
* from this machine. For development only; never send it real keys or data. *
*****************************************************************************";

/// Runs the engine with the process's arguments.
pub fn main() -> ExitCode {
    main_from(std::env::args_os())
}

/// Runs the engine with these arguments; the first is the program's name.
pub fn main_from(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are 'errors' that print to the standard output and succeed.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    events::hide_panic_messages();
    events::log_to_stderr();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("casemate-engine: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), EngineError> {
    if arguments.simulated_trust_out.is_some() && arguments.nsm != NsmKind::Simulated {
        return Err(EngineError::Config("--simulated-trust-out needs --nsm simulated".to_owned()));
    }
    let access = read_access_file(&arguments.access)?;
    let nsm = open_nsm(arguments, &access)?;
    let storage = Arc::new(AddressConnector(arguments.storage.clone()));
    let mut config = EngineConfig::new(access, arguments.memory_limit, nsm, storage);
    config.query_timeout = arguments.query_timeout;
    config.max_sessions = arguments.max_sessions.map(|count| usize::try_from(count).unwrap_or(usize::MAX));

    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(serve(config, &arguments.listen));
    runtime.shutdown_background();
    outcome
}

async fn serve(config: EngineConfig, address: &Address) -> Result<(), EngineError> {
    let shutdown = CancellationToken::new();
    watch_signals(shutdown.clone())?;
    let engine = Engine::new(config)?;
    let listener =
        Listener::bind(address).await.map_err(|source| EngineError::Listen { address: address.to_string(), source })?;
    let local_address = listener.local_address();
    println!("listening on {local_address}");
    Event::Listening(local_address).log();
    engine.serve(listener, shutdown).await
}

/// The first SIGTERM or SIGINT starts a clean stop, a second one ends the process.
fn watch_signals(shutdown: CancellationToken) -> Result<(), EngineError> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if shutdown.is_cancelled() {
                std::process::exit(1);
            }
            shutdown.cancel();
        }
    });
    Ok(())
}

fn read_access_file(path: &Path) -> Result<AccessPolicy, EngineError> {
    let unusable = |source: Box<dyn std::error::Error + Send + Sync>| EngineError::Access { path: path.into(), source };
    let text = fs::read_to_string(path).map_err(|error| unusable(error.into()))?;
    AccessFile::from_json(&text).and_then(|file| file.to_policy()).map_err(|error| unusable(error.into()))
}

fn open_nsm(arguments: &Arguments, access: &AccessPolicy) -> Result<Arc<dyn Nsm>, EngineError> {
    match arguments.nsm {
        NsmKind::Device => {
            let device = DeviceNsm::open().map_err(EngineError::Nsm)?;
            device.bind_policy(&policy_hash(access)).map_err(EngineError::Nsm)?;
            Ok(Arc::new(device))
        }
        NsmKind::Simulated => {
            eprintln!("{SIMULATED_WARNING}");
            let simulated = simulate_nsm(access)?;
            if let Some(path) = &arguments.simulated_trust_out {
                write_trust_file(path, &simulated_trust_file(&simulated).to_json())?;
            }
            Ok(Arc::new(simulated))
        }
    }
}

/// Writes to the standard output where the path is `-`: an engine in a virtual machine has no other way out for it.
fn write_trust_file(path: &Path, text: &str) -> Result<(), EngineError> {
    if path == Path::new("-") {
        print!("{text}");
        return Ok(());
    }
    fs::write(path, text).map_err(|source| EngineError::Write { path: path.into(), source })
}

/// A simulated NSM that attests this process's own executable and the engine's access policy, with fresh keys.
///
/// # Errors
/// When the executable can't be read or the keys can't be made.
pub fn simulate_nsm(access: &AccessPolicy) -> Result<SimulatedNsm, EngineError> {
    let mut pcrs = simulated_pcrs()?;
    pcrs.insert(POLICY_PCR, policy_pcr(&policy_hash(access)));
    let options = SimulatedOptions {
        pcrs,
        module_id: SIMULATED_MODULE_ID.to_owned(),
        clock: Arc::new(|| UnixMillis::from(SystemTime::now())),
    };
    SimulatedNsm::generate(options).map_err(EngineError::Nsm)
}

/// In the form of a real one, with a name that no instance has.
const SIMULATED_MODULE_ID: &str = "i-00000000000000000-enc0000000000000000";

/// A trust file that accepts this simulated NSM with the measurements it has (PCR0 to PCR2), and nothing else.
pub fn simulated_trust_file(nsm: &SimulatedNsm) -> TrustFile {
    let measured = nsm.pcrs().range(0..=2).map(|(index, value)| (*index, *value)).collect();
    TrustFile::from_policy(&TrustPolicy {
        roots: vec![nsm.trusted_root()],
        pcr_sets: vec![PcrSet { name: "simulated".to_owned(), pcrs: measured }],
        max_age: Duration::from_secs(300),
        policy_hashes: Vec::new(),
    })
}

fn size(text: &str) -> Result<u64, String> {
    parse_size("--memory-limit", text).map_err(|error| error.to_string())
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>().map(Duration::try_from_secs_f64) {
        Ok(Ok(duration)) if !duration.is_zero() => Ok(duration),
        _ => Err("write a number of seconds above 0, for example 30".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    const REQUIRED: [&str; 11] = [
        "casemate-engine",
        "--listen",
        "unix:///tmp/e",
        "--storage",
        "tcp://127.0.0.1:1",
        "--access",
        "a.json",
        "--memory-limit",
        "512MiB",
        "--nsm",
        "simulated",
    ];

    fn parse(extra: &[&str]) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(REQUIRED.iter().chain(extra))
    }

    #[test]
    fn the_options_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn sizes_and_durations_are_read_as_people_write_them() {
        let arguments = parse(&["--query-timeout", "1.5", "--max-sessions", "3"]).unwrap();
        assert_eq!(arguments.memory_limit, 512 << 20);
        assert_eq!(arguments.query_timeout, Some(Duration::from_millis(1500)));
        assert_eq!(arguments.max_sessions, Some(3));
    }

    #[test]
    fn options_that_make_no_sense_are_refused() {
        for extra in [["--query-timeout", "0"], ["--query-timeout", "NaN"], ["--max-sessions", "0"], ["--nsm", "none"]]
        {
            assert!(parse(&extra).is_err(), "{extra:?}");
        }
        assert!(Arguments::try_parse_from(&REQUIRED[..9]).is_err(), "the kind of NSM is never a default");
    }

    #[test]
    fn the_help_shows_examples_and_exit_codes() {
        let help = Arguments::command().render_long_help().to_string();
        assert!(help.contains("Examples:") && help.contains("Exit codes:"), "{help}");
    }
}
