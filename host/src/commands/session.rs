//! The arguments that name an engine, and the session they lead to.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use casemate_wire::address::Address;
#[cfg(feature = "embedded")]
use casemate_wire::data_policy::Allowed;

use super::tables::TableArgs;
use super::warn_simulated;
use crate::client::Client;
#[cfg(feature = "embedded")]
use crate::embedded::{Embedded, EmbeddedOptions};
#[cfg(feature = "embedded")]
use crate::engine_process::EngineProcess;
use crate::error::{HostError, Result};
use crate::files::{Keys, load_trust};

/// Which engine, and with which keys.
#[derive(Debug, clap::Args)]
pub(crate) struct EngineArgs {
    /// The engine, or the `casemate serve` in front of it; without it, an embedded engine (simulated) is started
    #[arg(long, value_name = "ADDR", requires = "keys", requires = "trust", help_heading = "Engine")]
    pub connect: Option<Address>,
    /// The client's keys file (`casemate keys new`); an embedded engine makes do without
    #[arg(long, value_name = "FILE", help_heading = "Engine")]
    pub keys: Option<PathBuf>,
    /// The trust file: which enclaves are accepted (`casemate trust new`)
    #[arg(long, value_name = "FILE", requires = "connect", help_heading = "Engine")]
    pub trust: Option<PathBuf>,
    /// Keep trying for so long while there is no enclave, or no place in it; each try attests it anew. Statements are sent
    /// again as long as nothing of their answer has come
    #[arg(long, value_name = "SECONDS", requires = "connect", help_heading = "Engine")]
    pub retry: Option<u64>,
    /// The directory that an embedded engine reads tables from [default: the current one]
    #[arg(long, value_name = "DIR", conflicts_with = "connect", help_heading = "Engine")]
    pub data: Option<PathBuf>,
    /// What an embedded engine may use, such as 512MiB [default: half of this machine's memory]
    #[arg(long, value_name = "SIZE", conflicts_with = "connect", help_heading = "Engine")]
    pub memory_limit: Option<String>,
    #[command(flatten)]
    pub tables: TableArgs,
}

/// Where sessions come from: a remote engine or one of our own, with the keys and the trust that go with it.
pub(crate) struct Sessions {
    keys: Keys,
    engine: Engine,
    retry: Duration,
}

/// The pause between two tries.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

enum Engine {
    Remote {
        address: Address,
        /// Read again for each session: an image that was added meanwhile is accepted, one that was removed is not.
        trust: PathBuf,
    },
    #[cfg(feature = "embedded")]
    Embedded(Embedded),
    #[cfg(feature = "embedded")]
    Process(Box<EngineProcess>),
}

impl Sessions {
    /// Reads the files that the arguments name and starts an embedded engine if no other is named.
    pub(crate) fn new(args: &EngineArgs) -> Result<Self> {
        match Self::remote(args)? {
            Some(sessions) => Ok(sessions),
            None => Self::embedded(args),
        }
    }

    /// As [`new`](Self::new), but the engine of the embedded kind is a process of its own, so that nothing that a query
    /// does to it ends this one.
    pub(crate) async fn isolated(args: &EngineArgs) -> Result<Self> {
        match Self::remote(args)? {
            Some(sessions) => Ok(sessions),
            None => Self::process(args).await,
        }
    }

    fn remote(args: &EngineArgs) -> Result<Option<Self>> {
        let Some(address) = &args.connect else { return Ok(None) };
        let (Some(keys), Some(trust)) = (&args.keys, &args.trust) else {
            return Err(HostError::Usage("--connect needs --keys FILE and --trust FILE".to_owned()));
        };
        load_trust(trust)?;
        let engine = Engine::Remote { address: address.clone(), trust: trust.clone() };
        let retry = Duration::from_secs(args.retry.unwrap_or(0));
        let mut keys = Keys::load(keys)?;
        args.tables.apply(&mut keys.data_policy)?;
        Ok(Some(Self { keys, engine, retry }))
    }

    #[cfg(feature = "embedded")]
    fn embedded(args: &EngineArgs) -> Result<Self> {
        let (keys, options) = args.embedded()?;
        Ok(Self { keys, engine: Engine::Embedded(Embedded::start(options)?), retry: Duration::ZERO })
    }

    #[cfg(feature = "embedded")]
    async fn process(args: &EngineArgs) -> Result<Self> {
        let (keys, options) = args.embedded()?;
        let program = std::env::current_exe().map_err(HostError::io("can't find this program's executable"))?;
        let engine = Engine::Process(Box::new(EngineProcess::start(program, options).await?));
        Ok(Self { keys, engine, retry: Duration::ZERO })
    }

    #[cfg(not(feature = "embedded"))]
    fn embedded(_args: &EngineArgs) -> Result<Self> {
        Err(HostError::Usage("this program was built without an embedded engine: name one with --connect".to_owned()))
    }

    #[cfg(not(feature = "embedded"))]
    async fn process(args: &EngineArgs) -> Result<Self> {
        Self::embedded(args)
    }

    /// Opens a new session, with the patience that the arguments ask for.
    pub(crate) async fn open(&self) -> Result<Client> {
        let mut patience = self.patience();
        loop {
            match self.try_open().await {
                Err(error) if patience.allows(&error).await => {}
                done => return done,
            }
        }
    }

    /// How long to go on in spite of errors that pass, from now on.
    pub(crate) fn patience(&self) -> Patience {
        Patience { until: Instant::now() + self.retry, told: false }
    }

    async fn try_open(&self) -> Result<Client> {
        match &self.engine {
            Engine::Remote { address, trust } => Client::connect(address, &self.keys, &load_trust(trust)?).await,
            #[cfg(feature = "embedded")]
            Engine::Embedded(engine) => Client::over(engine.connect(), &self.keys, engine.trust()).await,
            #[cfg(feature = "embedded")]
            Engine::Process(engine) => {
                let (io, trust) = engine.connect().await?;
                Client::over(io, &self.keys, &trust).await
            }
        }
    }

    /// Opens a new session and says on stderr if its enclave is simulated.
    pub(crate) async fn open_marked(&self) -> Result<Client> {
        let client = self.open().await?;
        if client.attested().simulated {
            warn_simulated(match self.engine {
                Engine::Remote { .. } => "the engine accepted by your trust file is an ordinary process that",
                #[cfg(feature = "embedded")]
                Engine::Embedded(_) => "the embedded engine is a part of this process that",
                #[cfg(feature = "embedded")]
                Engine::Process(_) => "the embedded engine is an ordinary process that",
            });
        }
        Ok(client)
    }

    /// How often [`end_all`](Self::end_all) has ended the engine.
    pub(crate) fn times_ended(&self) -> u64 {
        match &self.engine {
            #[cfg(feature = "embedded")]
            Engine::Process(engine) => engine.times_ended(),
            _ => 0,
        }
    }

    /// Ends an engine that is a process of our own and may hang; see [`EngineProcess::end`]. Others are left alone.
    pub(crate) async fn end_all(&self, seen: u64) {
        match &self.engine {
            #[cfg(feature = "embedded")]
            Engine::Process(engine) => engine.end(seen).await,
            _ => {
                let _ = seen;
            }
        }
    }

    /// The keys that sessions are opened with.
    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }
}

/// Until when errors that pass are borne.
pub(crate) struct Patience {
    until: Instant,
    told: bool,
}

impl Patience {
    /// Whether to try again after this error; waits a moment if so.
    pub(crate) async fn allows(&mut self, error: &HostError) -> bool {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() || !error.is_passing() {
            return false;
        }
        if !std::mem::replace(&mut self.told, true) {
            eprintln!("{error}; trying again for {} seconds", left.as_secs().max(1));
        }
        tokio::time::sleep(RETRY_PAUSE.min(left)).await;
        true
    }
}

#[cfg(feature = "embedded")]
impl EngineArgs {
    fn embedded(&self) -> Result<(Keys, EmbeddedOptions)> {
        let mut keys = self.keys.as_deref().map_or_else(Keys::generate, Keys::load)?;
        self.tables.apply(&mut keys.data_policy)?;
        // The folder is this machine's own: whoever can change it can change this program's keys and files too.
        keys.data_policy.plaintext = Allowed::All;
        keys.data_policy.unsigned = Allowed::All;
        let memory_limit = self.memory_limit.as_deref().map(parse_size).transpose()?;
        let data = self.data.clone().unwrap_or_else(|| PathBuf::from("."));
        let options = EmbeddedOptions { data, memory_limit, client: keys.identity.public() };
        Ok((keys, options))
    }
}

#[cfg(feature = "embedded")]
pub(crate) fn parse_size(text: &str) -> Result<u64> {
    casemate_wire::access_file::parse_size("--memory-limit", text).map_err(|error| HostError::Usage(error.to_string()))
}
