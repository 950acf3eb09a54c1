//! Who runs TPC-H: Casemate over its whole path, and plain DataFusion on the same files.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use arrow::array::RecordBatch;
use casemate_engine::{AddressConnector, Engine, EngineConfig};
use casemate_host::client::Client;
use casemate_host::files::{Keys, new_access};
use casemate_host::parent::{DataDirectory, ParentServer};
use casemate_host::tpch::Table;
use casemate_wire::address::Address;
use casemate_wire::attestation::TrustPolicy;
use casemate_wire::data_policy::DataPolicy;
use casemate_wire::keys::DataKey;
use casemate_wire::transport::Listener;
use datafusion::common::config::ConfigFileDecryptionProperties;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::tpch::{KEY, KEY_ID};

/// Memory that an engine's queries may use.
const MEMORY_LIMIT: u64 = 8 << 30;

/// A way to run SQL over TPC-H's tables.
pub enum Peer {
    /// Casemate.
    Sealed(Box<Sealed>),
    /// DataFusion.
    Plain(DataFusion),
}

impl Peer {
    /// Runs a query to its last row, and gives the number of rows.
    ///
    /// # Errors
    /// When the query fails.
    pub async fn run(&mut self, sql: &str) -> Result<usize> {
        match self {
            Peer::Sealed(casemate) => casemate.run(sql).await,
            Peer::Plain(datafusion) => datafusion.run(sql).await,
        }
    }
}

/// Casemate with every part of its path: client, parent's relay and storage server, engine; each behind a socket.
pub struct Sealed {
    client: Client,
    _shutdown: DropGuard,
    _folder: tempfile::TempDir,
}

impl Sealed {
    /// Starts a parent that serves `tables`, an engine behind it, and a session with views of all tables.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn start(tables: &Path, target_partitions: usize) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut keys = Keys::generate()?;
        keys.data_keys.insert(KEY_ID, DataKey::new(&KEY)?)?;
        keys.data_policy = DataPolicy::allow_all();
        let shutdown = CancellationToken::new();
        let parent = ParentServer::new(DataDirectory::open(tables)?, None);
        let storage = Address::Unix(folder.path().join("storage.sock"));
        tokio::spawn(Arc::clone(&parent).serve_storage(Listener::bind(&storage).await?, shutdown.clone()));

        let (engine, trust) = engine(&keys, storage, target_partitions)?;
        let enclave = Address::Unix(folder.path().join("engine.sock"));
        let listener = Listener::bind(&enclave).await?;
        let stop = shutdown.clone();
        tokio::spawn(async move { engine.serve(listener, stop).await });

        let relay = Listener::bind(&Address::Tcp("127.0.0.1:0".to_owned())).await?;
        let address = relay.local_address();
        tokio::spawn(parent.serve_clients(relay, Arc::new(enclave), shutdown.clone()));

        let mut client = Client::connect(&address, &keys, &trust).await?;
        for table in Table::ALL {
            client.query(&table.create_view("")).await?.collect().await?;
        }
        Ok(Self { client, _shutdown: shutdown.drop_guard(), _folder: folder })
    }

    async fn run(&mut self, sql: &str) -> Result<usize> {
        let results = self.client.query(sql).await?.collect().await?;
        Ok(results.iter().flat_map(|result| &result.batches).map(RecordBatch::num_rows).sum())
    }
}

fn engine(keys: &Keys, storage: Address, target_partitions: usize) -> Result<(Arc<Engine>, TrustPolicy)> {
    let access = new_access(vec![("bench".to_owned(), keys.identity.public())])?.to_policy()?;
    let nsm = casemate_engine::cli::simulate_nsm(&access)?;
    let trust = casemate_engine::cli::simulated_trust_file(&nsm).to_policy()?;
    let mut config = EngineConfig::new(access, MEMORY_LIMIT, Arc::new(nsm), Arc::new(AddressConnector(storage)));
    config.target_partitions = target_partitions;
    Ok((Engine::new(config)?, trust))
}

/// DataFusion as its users run it, in this process, on files of this machine.
pub struct DataFusion(SessionContext);

impl DataFusion {
    /// A context with all tables, which are encrypted if there is a `key`.
    ///
    /// # Errors
    /// When a table is not there.
    pub async fn start(tables: &Path, key: Option<&[u8]>, target_partitions: usize) -> Result<Self> {
        let mut config = SessionConfig::new().with_target_partitions(target_partitions);
        // Without it, `l_discount between 0.06 - 0.01 and 0.06 + 0.01` compares decimals with doubles, and Q6 is wrong.
        config.options_mut().sql_parser.parse_float_as_decimal = true;
        let context = SessionContext::new_with_config(config);
        for table in Table::ALL {
            let decryption = key.map(|key| ConfigFileDecryptionProperties {
                footer_key_as_hex: hex::encode(key),
                ..ConfigFileDecryptionProperties::default()
            });
            let options =
                ParquetReadOptions { file_decryption_properties: decryption, ..ParquetReadOptions::default() };
            let path = tables.join(table.file_name());
            let path = path.to_str().context("a path that is not Unicode")?;
            context.register_parquet(table.name(), path, options).await?;
        }
        Ok(Self(context))
    }

    async fn run(&mut self, sql: &str) -> Result<usize> {
        let batches = self.0.sql(sql).await?.collect().await?;
        Ok(batches.iter().map(RecordBatch::num_rows).sum())
    }
}
