//! The engine's side of an open session.

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use tokio::io::{ReadHalf, WriteHalf};

use super::message::{EndStatus, StatementSummary};
use super::stream::StreamSecret;
use crate::access_file::Client;
use crate::frame::SessionId;
use crate::identity::ClientPublicKey;
use crate::keys::DataKeys;
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
    /// The keys that the client brought; move them out.
    pub data_keys: DataKeys,
    sender: ServerSender,
    receiver: ServerReceiver,
}

impl ServerSession {
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
    _io: ReadHalf<BoxedIo>,
}

impl ServerReceiver {
    /// The next request. A client that went away without [`Request::Close`] is [`Error::Closed`]. Not cancel safe:
    /// give it a task of its own.
    pub async fn next(&mut self) -> Result<Request> {
        Err(Error::Malformed("sessions are not part of this build"))
    }
}

/// Sends results.
pub struct ServerSender {
    _io: WriteHalf<BoxedIo>,
}

impl ServerSender {
    /// Begins the answer to a query.
    pub fn start(&mut self, secret: StreamSecret) -> ResultSealer<'_> {
        ResultSealer { _sender: self, _secret: secret }
    }
}

/// Seals one query's answer: for each statement a schema, its batches and its end; then one end.
/// Each call returns when the record is written, so that a slow client slows the query down.
pub struct ResultSealer<'a> {
    _sender: &'a mut ServerSender,
    _secret: StreamSecret,
}

impl ResultSealer<'_> {
    /// Begins a statement's result.
    pub async fn schema(&mut self, _schema: &Schema) -> Result<()> {
        Err(Error::Malformed("sessions are not part of this build"))
    }

    /// Sends rows of it, in several records if one would be too large.
    pub async fn batch(&mut self, _batch: &RecordBatch) -> Result<()> {
        Err(Error::Malformed("sessions are not part of this build"))
    }

    /// Completes a statement's result.
    pub async fn statement_end(&mut self) -> Result<StatementSummary> {
        Err(Error::Malformed("sessions are not part of this build"))
    }

    /// Completes the stream.
    pub async fn end(self, _status: EndStatus) -> Result<()> {
        Err(Error::Malformed("sessions are not part of this build"))
    }
}
