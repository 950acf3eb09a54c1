//! The arguments that name an engine, and the session they lead to.

use std::path::PathBuf;

use casemate_wire::address::Address;
use casemate_wire::attestation::TrustPolicy;

use super::warn_simulated;
use crate::client::Client;
#[cfg(feature = "embedded")]
use crate::embedded::{Embedded, EmbeddedOptions};
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
    /// The directory that an embedded engine reads tables from [default: the current one]
    #[arg(long, value_name = "DIR", conflicts_with = "connect", help_heading = "Engine")]
    pub data: Option<PathBuf>,
    /// What an embedded engine may use, such as 512MiB [default: half of this machine's memory]
    #[arg(long, value_name = "SIZE", conflicts_with = "connect", help_heading = "Engine")]
    pub memory_limit: Option<String>,
}

/// Where sessions come from: a remote engine or an embedded one, with the keys and the trust that go with it.
pub(crate) struct Sessions {
    keys: Keys,
    trust: TrustPolicy,
    engine: Engine,
}

enum Engine {
    Remote(Address),
    #[cfg(feature = "embedded")]
    Embedded(Embedded),
}

impl Sessions {
    /// Reads the files that the arguments name and starts an embedded engine if no other is named.
    pub(crate) async fn new(args: &EngineArgs) -> Result<Self> {
        let keys = args.keys.as_deref().map(Keys::load).transpose()?;
        match (&args.connect, keys, &args.trust) {
            (Some(address), Some(keys), Some(trust)) => {
                let trust = load_trust(trust)?;
                Ok(Self { keys, trust, engine: Engine::Remote(address.clone()) })
            }
            (Some(_), ..) => Err(HostError::Usage("--connect needs --keys FILE and --trust FILE".to_owned())),
            (None, keys, _) => Self::embedded(args, keys).await,
        }
    }

    #[cfg(feature = "embedded")]
    async fn embedded(args: &EngineArgs, keys: Option<Keys>) -> Result<Self> {
        let keys = keys.map_or_else(Keys::generate, Ok)?;
        let memory_limit = args.memory_limit.as_deref().map(parse_size).transpose()?;
        let data = args.data.clone().unwrap_or_else(|| PathBuf::from("."));
        let options = EmbeddedOptions { data, memory_limit, client: keys.identity.public() };
        let engine = Embedded::start(options)?;
        Ok(Self { keys, trust: engine.trust().clone(), engine: Engine::Embedded(engine) })
    }

    #[cfg(not(feature = "embedded"))]
    async fn embedded(_args: &EngineArgs, _keys: Option<Keys>) -> Result<Self> {
        Err(HostError::Usage("this program was built without an embedded engine: name one with --connect".to_owned()))
    }

    /// Opens a new session.
    pub(crate) async fn open(&self) -> Result<Client> {
        match &self.engine {
            Engine::Remote(address) => Client::connect(address, &self.keys, &self.trust).await,
            #[cfg(feature = "embedded")]
            Engine::Embedded(engine) => Client::over(engine.connect(), &self.keys, &self.trust).await,
        }
    }

    /// Opens a new session and says on stderr if its enclave is simulated.
    pub(crate) async fn open_marked(&self) -> Result<Client> {
        let client = self.open().await?;
        if client.attested().simulated {
            warn_simulated(match self.engine {
                Engine::Remote(_) => "the engine accepted by your trust file is an ordinary process that",
                #[cfg(feature = "embedded")]
                Engine::Embedded(_) => "the embedded engine is a part of this process that",
            });
        }
        Ok(client)
    }

    /// The keys that sessions are opened with.
    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }
}

#[cfg(feature = "embedded")]
pub(crate) fn parse_size(text: &str) -> Result<u64> {
    casemate_wire::access_file::parse_size("--memory-limit", text).map_err(|error| HostError::Usage(error.to_string()))
}
