//! The client's side of an open session.

use tokio::io::{ReadHalf, WriteHalf};

use super::message::QueryRequest;
use super::stream::{SealedFrame, StreamSecret};
use crate::attestation::VerifiedDocument;
use crate::frame::SessionId;
use crate::transport::BoxedIo;
use crate::{Error, Result};

/// A session with a verified engine.
pub struct ClientSession {
    id: SessionId,
    attested: VerifiedDocument,
    client_name: String,
    sender: ClientSender,
    receiver: ClientReceiver,
}

impl ClientSession {
    /// The session's id.
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// What the engine proved about itself.
    pub fn attested(&self) -> &VerifiedDocument {
        &self.attested
    }

    /// The name under which the engine's access file knows this client.
    pub fn client_name(&self) -> &str {
        &self.client_name
    }

    /// Two halves that work at the same time.
    pub fn split(self) -> (ClientSender, ClientReceiver) {
        (self.sender, self.receiver)
    }
}

/// Sends queries and cancellations.
pub struct ClientSender {
    _io: WriteHalf<BoxedIo>,
}

impl ClientSender {
    /// Sends a query and gives what opens its result.
    pub async fn query(&mut self, _request: &QueryRequest) -> Result<StreamSecret> {
        Err(Error::Malformed("sessions are not part of this build"))
    }

    /// Asks to stop the query of this stream. Its stream still ends with an authenticated end.
    pub async fn cancel(&mut self, _stream: u64) -> Result<()> {
        Err(Error::Malformed("sessions are not part of this build"))
    }

    /// Ends the session: the engine forgets its keys.
    pub async fn close(&mut self) -> Result<()> {
        Err(Error::Malformed("sessions are not part of this build"))
    }
}

/// Receives sealed records.
pub struct ClientReceiver {
    _io: ReadHalf<BoxedIo>,
}

impl ClientReceiver {
    /// The next sealed record of any stream, its length checked but not opened. Not cancel safe.
    pub async fn next_frame(&mut self) -> Result<SealedFrame> {
        Err(Error::Malformed("sessions are not part of this build"))
    }
}
