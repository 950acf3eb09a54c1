//! Who computes the cases.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use async_trait::async_trait;
use bytes::Bytes;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use futures::TryStreamExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use spark_compat::{SparkSession, SparkSessionOptions};
use url::Url;

const FILE: &str = "measured.parquet";

/// Someone who runs SQL over the view `measured`.
#[async_trait]
pub trait Contender: Send + Sync {
    /// How long a query takes up to its last batch.
    async fn time(&self, sql: &str) -> Result<Duration>;
}

/// A store in memory with the file, known to a runtime environment.
async fn store(file: Bytes) -> Result<(Arc<RuntimeEnv>, Url)> {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    store.put(&Path::from(FILE), file.into()).await?;
    let runtime = Arc::new(RuntimeEnv::default());
    let base = Url::parse("casemate://data/")?;
    runtime.register_object_store(&base, store);
    Ok((runtime, base))
}

async fn drain(mut stream: SendableRecordBatchStream, begin: Instant) -> Result<Duration> {
    while stream.try_next().await?.is_some() {}
    Ok(begin.elapsed())
}

/// This project, without encryption and transport, on one partition.
pub struct SparkCompat(SparkSession);

impl SparkCompat {
    /// A session with the file as the view `measured`.
    ///
    /// # Errors
    ///
    /// The file can't be read.
    pub async fn new(file: Bytes) -> Result<Self> {
        let (runtime, base) = store(file).await?;
        let options = SparkSessionOptions { target_partitions: 1, ..SparkSessionOptions::new(runtime, base) };
        let session = SparkSession::new(options)?;
        session
            .execute_script(&format!("CREATE TEMPORARY VIEW measured USING parquet OPTIONS (path '{FILE}')"))
            .await?;
        Ok(Self(session))
    }
}

#[async_trait]
impl Contender for SparkCompat {
    async fn time(&self, sql: &str) -> Result<Duration> {
        let begin = Instant::now();
        let statement = self.0.parse(sql)?.pop().context("there is no statement")?;
        drain(self.0.prepare(&statement).await?.execute().await?, begin).await
    }
}

/// DataFusion of the same version, on one partition.
pub struct DataFusion(SessionContext);

impl DataFusion {
    /// A context with the file as the table `measured`.
    ///
    /// # Errors
    ///
    /// The file can't be read.
    pub async fn new(file: Bytes) -> Result<Self> {
        let (runtime, base) = store(file).await?;
        let config = SessionConfig::new().with_target_partitions(1);
        let context = SessionContext::new_with_config_rt(config, runtime);
        context.register_parquet("measured", base.join(FILE)?.as_str(), ParquetReadOptions::default()).await?;
        Ok(Self(context))
    }
}

#[async_trait]
impl Contender for DataFusion {
    async fn time(&self, sql: &str) -> Result<Duration> {
        let begin = Instant::now();
        drain(self.0.sql(sql).await?.execute_stream().await?, begin).await
    }
}

/// A real Spark 3.2.0 on one core, behind a program that takes queries as lines and answers with seconds.
pub struct Spark(Mutex<Connection>);

struct Connection {
    child: Child,
    queries: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Spark {
    /// Starts the program, a command as a shell has it, with the path of the Parquet file as its last argument.
    ///
    /// # Errors
    ///
    /// The program does not start.
    pub fn start(command: &str, file: &std::path::Path) -> Result<Self> {
        let mut words = command.split_whitespace();
        let program = words.next().context("the command of the reference is empty")?;
        let mut child = Command::new(program)
            .args(words)
            .arg(file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{program} does not start"))?;
        let queries = child.stdin.take().context("the reference has no input")?;
        let answers = BufReader::new(child.stdout.take().context("the reference has no output")?);
        Ok(Self(Mutex::new(Connection { child, queries, answers })))
    }
}

#[async_trait]
impl Contender for Spark {
    async fn time(&self, sql: &str) -> Result<Duration> {
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(connection.queries, "{sql}")?;
        let mut answer = String::new();
        connection.answers.read_line(&mut answer)?;
        match answer.trim().parse() {
            Ok(seconds) => Ok(Duration::try_from_secs_f64(seconds)?),
            Err(_) if answer.is_empty() => bail!("the reference has ended"),
            Err(_) => bail!("{sql} on the reference: {}", answer.trim()),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Nothing is left to be asked; what it says to that does not matter.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
