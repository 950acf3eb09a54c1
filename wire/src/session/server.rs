//! The engine's side of an open session.

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use sha2::{Digest, Sha384};
use tokio::io::{AsyncWriteExt, ReadHalf, WriteHalf};

use super::message::{Control, End, EndStatus, StatementSummary};
use super::stream::StreamSecret;
use super::writer::FrameWriter;
use crate::access_file::Client;
use crate::data_policy::DataPolicy;
use crate::frame::{FrameType, SessionId, read_frame};
use crate::identity::ClientPublicKey;
use crate::ipc::{Encoded, Encoder};
use crate::keys::DataKeys;
use crate::record::{DirectionSecret, Opener, Sealer};
use crate::transport::BoxedIo;
use crate::{Error, Result};

/// A session with an accepted client.
pub struct ServerSession {
    /// The session's id.
    pub id: SessionId,
    /// The client as the access file names it.
    pub client: Client,
    /// The client's key.
    pub client_key: ClientPublicKey,
    /// The keys that the client brought.
    pub data_keys: DataKeys,
    /// Which tables the client lets its queries read.
    pub data_policy: DataPolicy,
    sender: ServerSender,
    receiver: ServerReceiver,
}

impl ServerSession {
    pub(crate) fn new(
        io: BoxedIo,
        id: SessionId,
        (client, client_key, data_keys, data_policy): (Client, ClientPublicKey, DataKeys, DataPolicy),
        control: Opener,
        results: DirectionSecret,
    ) -> Self {
        let (reader, writer) = tokio::io::split(io);
        let sender = ServerSender { writer: FrameWriter::new(writer) };
        let receiver = ServerReceiver { session: id, reader, control, results, last_stream: 0 };
        Self { id, client, client_key, data_keys, data_policy, sender, receiver }
    }

    /// Two halves that work at the same time, and the client's data keys.
    pub fn split(self) -> (ServerReceiver, ServerSender, DataKeys) {
        (self.receiver, self.sender, self.data_keys)
    }
}

/// What a client asks.
pub enum Request {
    /// Run these statements and answer on this stream.
    Query {
        /// The stream.
        stream: u64,
        /// The text.
        sql: String,
        /// What seals the answer; to be given to [`ServerSender::start`].
        secret: StreamSecret,
    },
    /// Stop the query of this stream, whether it runs or waits.
    Cancel {
        /// The stream.
        stream: u64,
    },
    /// The session is over.
    Close,
}

/// Receives requests.
pub struct ServerReceiver {
    session: SessionId,
    reader: ReadHalf<BoxedIo>,
    control: Opener,
    results: DirectionSecret,
    last_stream: u64,
}

impl ServerReceiver {
    /// The next request. A client that went away without [`Request::Close`] is [`Error::Closed`]. Not cancel safe:
    /// give it a task of its own.
    pub async fn next(&mut self) -> Result<Request> {
        let frame = read_frame(&mut self.reader, |kind| kind == FrameType::Control).await?;
        let binding = Sha384::new().chain_update(frame.header.to_bytes()).chain_update(&frame.payload).finalize();
        let mut content = frame.payload;
        self.control.open(&frame.header, &mut content)?;
        match Control::decode(&content)? {
            Control::Query { stream, .. } if stream <= self.last_stream => {
                Err(Error::Malformed("the stream ids of queries do not rise"))
            }
            Control::Query { stream, sql } => {
                self.last_stream = stream;
                let secret = StreamSecret(self.results.stream(self.session, stream, &binding.into()));
                Ok(Request::Query { stream, sql, secret })
            }
            Control::Cancel { stream } => Ok(Request::Cancel { stream }),
            Control::Close => Ok(Request::Close),
        }
    }
}

/// Sends results.
pub struct ServerSender {
    writer: FrameWriter<WriteHalf<BoxedIo>>,
}

impl ServerSender {
    /// Begins the answer to a query.
    pub fn start(&mut self, secret: StreamSecret) -> ResultSealer<'_> {
        ResultSealer {
            sender: self,
            sealer: Sealer::new(secret.0),
            encoder: Encoder::new(),
            in_statement: false,
            statement: StatementSummary::default(),
            total: StatementSummary::default(),
        }
    }

    /// Flushes and closes the direction to the client.
    pub async fn shutdown(&mut self) -> Result<()> {
        Ok(self.writer.inner().shutdown().await?)
    }
}

/// Seals one query's answer: for each statement a schema, its batches and its end; then one end.
///
/// Each call returns when its records are written, so that a slow client slows the query down. A call whose future
/// is dropped before it is done makes the session unusable, since half a record may be on the wire.
pub struct ResultSealer<'a> {
    sender: &'a mut ServerSender,
    sealer: Sealer,
    encoder: Encoder,
    in_statement: bool,
    statement: StatementSummary,
    total: StatementSummary,
}

impl ResultSealer<'_> {
    /// Begins a statement's result.
    pub async fn schema(&mut self, schema: &Schema) -> Result<()> {
        if self.in_statement {
            return Err(Error::Malformed("a statement begins before the one before it has ended"));
        }
        let Encoded { kind, content } = self.encoder.schema(schema)?;
        self.in_statement = true;
        self.send(kind, content).await
    }

    /// Sends rows of it, in several records if one would be too large.
    pub async fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        self.check_in_statement()?;
        let mut slices = Encoder::slices(batch)?;
        while let Some(rows) = slices.front().map(RecordBatch::num_rows) {
            for Encoded { kind, content } in self.encoder.next_slice(&mut slices)? {
                if kind == FrameType::ResultBatch {
                    self.statement.count(rows);
                    self.total.count(rows);
                }
                self.send(kind, content).await?;
            }
        }
        Ok(())
    }

    /// Completes a statement's result.
    pub async fn statement_end(&mut self) -> Result<StatementSummary> {
        self.check_in_statement()?;
        self.in_statement = false;
        let summary = std::mem::take(&mut self.statement);
        self.send(FrameType::StatementEnd, summary.encode()).await?;
        Ok(summary)
    }

    /// Completes the stream. In the middle of a statement, only a status other than [`EndStatus::Ok`] can.
    pub async fn end(mut self, status: EndStatus) -> Result<()> {
        if self.in_statement && status == EndStatus::Ok {
            return Err(Error::Malformed("a query ends well in the middle of a statement"));
        }
        let end = End { status, total: self.total };
        self.send(FrameType::End, end.encode()).await
    }

    fn check_in_statement(&self) -> Result<()> {
        if self.in_statement { Ok(()) } else { Err(Error::Malformed("rows stand outside of a statement")) }
    }

    async fn send(&mut self, kind: FrameType, mut content: Vec<u8>) -> Result<()> {
        let header = self.sealer.seal(kind, kind == FrameType::End, &mut content)?;
        self.sender.writer.write(&header, &content).await
    }
}

#[cfg(test)]
impl ServerReceiver {
    /// The same session over another connection.
    pub(super) fn over(self, io: BoxedIo) -> Self {
        Self { reader: tokio::io::split(io).0, ..self }
    }
}
