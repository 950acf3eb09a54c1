//! The client: attests an engine, sends it keys, sends it SQL, and opens the sealed answer batch by batch.

use std::time::{Duration, SystemTime};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use casemate_wire::UnixMillis;
use casemate_wire::address::Address;
use casemate_wire::attestation::{TrustPolicy, VerifiedDocument};
use casemate_wire::handshake::{self, ClientOptions};
use casemate_wire::session::{
    ClientReceiver, ClientSender, ClientSession, EndStatus, QueryRequest, ResultItem, SealedFrame, StreamOpener,
    StreamSecret,
};
use casemate_wire::transport::{self, BoxedIo};
use futures::Stream;

use crate::error::{HostError, Result};
use crate::files::Keys;

/// How long the other side may take for the handshake.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(30);

/// A session with an attested engine.
///
/// ```no_run
/// # async fn example() -> casemate_host::Result<()> {
/// use casemate_host::{client::Client, files};
///
/// let keys = files::Keys::load("keys.json".as_ref())?;
/// let trust = files::load_trust("trust.json".as_ref())?;
/// let address = "tcp://127.0.0.1:7400".parse().unwrap();
/// let mut client = Client::connect(&address, &keys, &trust).await?;
/// for result in client.query("SELECT 1 AS one").await?.collect().await? {
///     println!("{:?}", result.batches);
/// }
/// # Ok(())
/// # }
/// ```
pub struct Client {
    sender: ClientSender,
    receiver: ClientReceiver,
    attested: VerifiedDocument,
    name: String,
    /// The stream of a query whose answer was not read to its end.
    unfinished: Option<u64>,
    /// Set while a record is being read: a reader that was dropped in the middle of one leaves it set.
    reading: bool,
}

/// One statement's result.
#[derive(Clone, Debug)]
pub struct StatementResult {
    /// Columns; none for statements that answer nothing (`SET`, `CREATE VIEW`).
    pub schema: SchemaRef,
    /// Rows.
    pub batches: Vec<RecordBatch>,
}

impl Client {
    /// Connects, verifies the engine against `trust`, and sends it the identity, data keys and data policy of `keys`.
    pub async fn connect(address: &Address, keys: &Keys, trust: &TrustPolicy) -> Result<Self> {
        let connected = tokio::time::timeout(HANDSHAKE_TIMEOUT, transport::connect(address)).await;
        let io = connected
            .unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
            .map_err(|source| HostError::Connect { address: address.clone(), source })?;
        Self::over(io, keys, trust).await
    }

    /// As [`connect`](Self::connect), over a connection that is already open.
    pub async fn over(io: BoxedIo, keys: &Keys, trust: &TrustPolicy) -> Result<Self> {
        let clock = || UnixMillis::from(SystemTime::now());
        let data_policy = keys.session_policy();
        let options = ClientOptions {
            identity: &keys.identity,
            data_keys: &keys.data_keys,
            data_policy: &data_policy,
            trust,
            clock: &clock,
        };
        let session = tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake::connect(io, options))
            .await
            .map_err(|_| HostError::HandshakeTimeout(HANDSHAKE_TIMEOUT))??;
        Ok(Self::of_session(session))
    }

    /// The client of a session that was opened by other means.
    pub fn of_session(session: ClientSession) -> Self {
        let (attested, name) = (session.attested().clone(), session.client_name().to_owned());
        let (sender, receiver) = session.split();
        Self { sender, receiver, attested, name, unfinished: None, reading: false }
    }

    /// What the engine proved about itself.
    pub fn attested(&self) -> &VerifiedDocument {
        &self.attested
    }

    /// The name under which the engine's access file knows this client.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs one or more statements, separated by `;`. A query whose answer was not read to its end is cancelled first.
    pub async fn query(&mut self, sql: &str) -> Result<QueryStream<'_>> {
        let secret = self.send(sql).await?;
        let stream = secret.stream();
        Ok(QueryStream { client: self, opener: StreamOpener::new(secret), stream, ended: false })
    }

    /// Runs statements whose answer is kept as it came, sealed.
    pub async fn query_sealed(&mut self, sql: &str) -> Result<(StreamSecret, SealedStream<'_>)> {
        let secret = self.send(sql).await?;
        let stream = secret.stream();
        Ok((secret, SealedStream { client: self, stream }))
    }

    /// Ends the session: the engine forgets its keys.
    pub async fn close(mut self) -> Result<()> {
        Ok(self.sender.close().await?)
    }

    async fn send(&mut self, sql: &str) -> Result<StreamSecret> {
        if self.reading {
            return Err(HostError::Interrupted);
        }
        if let Some(stream) = self.unfinished.take() {
            self.sender.cancel(stream).await?;
        }
        let secret = self.sender.query(&QueryRequest { sql: sql.to_owned() }).await?;
        self.unfinished = Some(secret.stream());
        Ok(secret)
    }

    /// The next record of `stream`; those of streams that were given up before are passed over.
    async fn next_frame(&mut self, stream: u64) -> Result<SealedFrame> {
        loop {
            if std::mem::replace(&mut self.reading, true) {
                return Err(HostError::Interrupted);
            }
            let frame = self.receiver.next_frame().await?;
            self.reading = false;
            let of = frame.header().stream;
            if of >= stream {
                if of == stream && frame.header().last {
                    self.unfinished = None;
                }
                // A record of a stream that does not exist yet is passed on: it opens with no key of ours.
                return Ok(frame);
            }
        }
    }
}

/// The answer of a query, opened as it arrives.
pub struct QueryStream<'a> {
    client: &'a mut Client,
    opener: StreamOpener,
    stream: u64,
    ended: bool,
}

impl<'a> QueryStream<'a> {
    /// The next item; `None` after [`ResultItem::End`]. An answer that ends without it is an error.
    pub async fn next(&mut self) -> Result<Option<ResultItem>> {
        while !self.ended {
            let frame = self.client.next_frame(self.stream).await?;
            if let Some(item) = self.opener.open(frame)? {
                self.ended = matches!(item, ResultItem::End(_));
                return Ok(Some(item));
            }
        }
        Ok(None)
    }

    /// Asks the engine to stop. The answer still ends with [`ResultItem::End`].
    pub async fn cancel(&mut self) -> Result<()> {
        Ok(self.client.sender.cancel(self.stream).await?)
    }

    /// The items as a stream.
    pub fn into_items(self) -> impl Stream<Item = Result<ResultItem>> + 'a {
        futures::stream::try_unfold(
            self,
            |mut stream| async move { Ok(stream.next().await?.map(|item| (item, stream))) },
        )
    }

    /// The record batches of all statements as a stream; it ends with an error unless the query ended well.
    pub fn into_batches(self) -> impl Stream<Item = Result<RecordBatch>> + 'a {
        futures::stream::try_unfold(self, |mut stream| async move {
            while let Some(item) = stream.next().await? {
                match item {
                    ResultItem::Batch(batch) => return Ok(Some((batch, stream))),
                    ResultItem::End(status) => check_end(status)?,
                    _ => {}
                }
            }
            Ok(None)
        })
    }

    /// Reads the whole answer into memory: one result for each statement.
    pub async fn collect(mut self) -> Result<Vec<StatementResult>> {
        let mut results: Vec<StatementResult> = Vec::new();
        while let Some(item) = self.next().await? {
            match item {
                ResultItem::Schema(schema) => results.push(StatementResult { schema, batches: Vec::new() }),
                ResultItem::Batch(batch) => {
                    if let Some(result) = results.last_mut() {
                        result.batches.push(batch);
                    }
                }
                ResultItem::StatementEnd(_) => {}
                ResultItem::End(status) => check_end(status)?,
            }
        }
        Ok(results)
    }
}

/// The answer of a query as sealed records.
pub struct SealedStream<'a> {
    client: &'a mut Client,
    stream: u64,
}

impl SealedStream<'_> {
    /// The next record as it came; the last one says so in its header.
    pub async fn next(&mut self) -> Result<SealedFrame> {
        self.client.next_frame(self.stream).await
    }
}

/// Turns the authenticated end of an answer into an error unless the query ended well.
pub fn check_end(status: EndStatus) -> Result<()> {
    match status {
        EndStatus::Ok => Ok(()),
        EndStatus::Cancelled => Err(HostError::Cancelled),
        EndStatus::Failed(failure) => Err(HostError::Query(failure)),
    }
}

#[cfg(test)]
mod tests;
