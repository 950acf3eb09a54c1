//! The client's side of an open session.

use sha2::{Digest, Sha384};
use tokio::io::{AsyncWriteExt, ReadHalf, WriteHalf};

use super::message::{Control, QueryRequest};
use super::stream::{SealedFrame, StreamSecret};
use super::writer::FrameWriter;
use crate::attestation::VerifiedDocument;
use crate::frame::{FrameType, SessionId, parse_status, read_frame};
use crate::record::{DirectionSecret, Sealer};
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
    pub(crate) fn new(
        io: BoxedIo,
        id: SessionId,
        attested: VerifiedDocument,
        client_name: String,
        control: Sealer,
        results: DirectionSecret,
    ) -> Self {
        let (reader, writer) = tokio::io::split(io);
        let sender = ClientSender { session: id, writer: FrameWriter::new(writer), control, results, next_stream: 1 };
        let receiver = ClientReceiver { session: id, reader };
        Self { id, attested, client_name, sender, receiver }
    }

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

/// Sends queries and cancellations. A call that is cancelled before it is done makes the session unusable.
pub struct ClientSender {
    session: SessionId,
    writer: FrameWriter<WriteHalf<BoxedIo>>,
    control: Sealer,
    results: DirectionSecret,
    next_stream: u64,
}

impl ClientSender {
    /// Sends a query and gives what opens its result. The stream ids are 1, 2, 3 and so on.
    pub async fn query(&mut self, request: &QueryRequest) -> Result<StreamSecret> {
        let stream = self.next_stream;
        let record = self.send(&Control::Query { stream, sql: request.sql.clone() }).await?;
        self.next_stream = stream.checked_add(1).ok_or(Error::Exhausted)?;
        Ok(StreamSecret(self.results.stream(self.session, stream, &record)))
    }

    /// Asks to stop the query of this stream. Its stream still ends with an authenticated end.
    pub async fn cancel(&mut self, stream: u64) -> Result<()> {
        self.send(&Control::Cancel { stream }).await.map(drop)
    }

    /// Ends the session: the engine forgets its keys.
    pub async fn close(&mut self) -> Result<()> {
        self.send(&Control::Close).await?;
        Ok(self.writer.inner().shutdown().await?)
    }

    /// Seals and sends; gives the hash of the record, which the answer is bound to.
    async fn send(&mut self, control: &Control) -> Result<[u8; 48]> {
        let mut payload = control.encode()?;
        let header = self.control.seal(FrameType::Control, false, &mut payload)?;
        self.writer.write(&header, &payload).await?;
        Ok(Sha384::new().chain_update(header.to_bytes()).chain_update(&payload).finalize().into())
    }
}

/// Receives sealed records.
pub struct ClientReceiver {
    session: SessionId,
    reader: ReadHalf<BoxedIo>,
}

impl ClientReceiver {
    /// The next sealed record of any stream, its length checked but not opened. The end of the connection is
    /// [`Error::Truncated`]: who still waits for a record has no whole result. Not cancel safe.
    pub async fn next_frame(&mut self) -> Result<SealedFrame> {
        let expected = |kind: FrameType| kind.is_result() || kind == FrameType::Status;
        let frame = match read_frame(&mut self.reader, expected).await {
            Err(Error::Closed) => return Err(Error::Truncated),
            other => other?,
        };
        if frame.header.kind == FrameType::Status {
            return Err(Error::Status(parse_status(&frame.payload)?));
        }
        if frame.header.session != self.session {
            return Err(Error::Unsealing);
        }
        Ok(SealedFrame(frame))
    }
}

#[cfg(test)]
impl ClientSender {
    /// Seals a query and writes it elsewhere.
    pub(super) async fn record_to(&mut self, out: &mut Vec<u8>, sql: &str) {
        let control = Control::Query { stream: self.next_stream, sql: sql.to_owned() };
        let mut payload = control.encode().unwrap();
        let header = self.control.seal(FrameType::Control, false, &mut payload).unwrap();
        crate::frame::write_frame(out, &header, &payload).await.unwrap();
    }

    /// Uses the last stream id once more.
    pub(super) fn rewind(&mut self) {
        self.next_stream -= 1;
    }
}

#[cfg(test)]
impl ClientReceiver {
    /// The same session over another connection.
    pub(super) fn over(self, io: BoxedIo) -> Self {
        Self { reader: tokio::io::split(io).0, ..self }
    }
}
