//! Carrying the handshake's messages over a connection.

use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::HandshakeError;
use super::client::{self, ClientOptions};
use super::inspect::Inspection;
use super::server::{self, ServerOptions};
use crate::frame::{Frame, FrameHeader, FrameType, StatusCode, parse_status, read_frame, write_frame, write_status};
use crate::session::{ClientSession, ServerSession};
use crate::transport::{BoxedIo, Io};
use crate::{Error, Result};

/// Verifies the engine and opens a session. Identity and keys leave only after everything else was verified.
/// There is no timeout inside: wrap the future.
pub async fn connect<S: Io + 'static>(io: S, options: ClientOptions<'_>) -> Result<ClientSession, HandshakeError> {
    let mut io: BoxedIo = Box::new(io);
    let (state, server_hello) = exchange_hellos(&mut io).await?;
    let state = state.verify(&server_hello, options.trust, (options.clock)())?;
    open_session(io, state, options).await
}

/// [`connect`] for tests of the engine on the NSM that QEMU emulates, whose documents carry no signature: everything is
/// checked as ever but signature and certificates, and so **nothing is proven**. A trust policy can't ask for it, and
/// documents that are signed are refused.
#[cfg(feature = "emulated-nsm")]
pub async fn connect_to_emulated<S: Io + 'static>(
    io: S,
    options: ClientOptions<'_>,
) -> Result<ClientSession, HandshakeError> {
    let mut io: BoxedIo = Box::new(io);
    let (state, server_hello) = exchange_hellos(&mut io).await?;
    let state = state.verify_emulated(&server_hello, options.trust, (options.clock)())?;
    open_session(io, state, options).await
}

/// Sends the client's hello and takes the engine's, as its payload.
async fn exchange_hellos(io: &mut BoxedIo) -> Result<(client::HelloSent, Vec<u8>), HandshakeError> {
    let (state, hello) = client::HelloSent::start()?;
    write_plaintext(io, FrameType::ClientHello, &hello).await?;
    let server_hello = read_answer(io, FrameType::ServerHello).await?;
    check_plaintext(&server_hello.header)?;
    Ok((state, server_hello.payload))
}

/// Sends identity and keys to the engine, and takes its answer.
async fn open_session(
    mut io: BoxedIo,
    state: client::EngineVerified,
    options: ClientOptions<'_>,
) -> Result<ClientSession, HandshakeError> {
    let (state, auth) = state.authenticate(options.identity, options.data_keys, options.data_policy)?;
    write_frame(&mut io, &auth.header, &auth.payload).await?;

    let accept = read_answer(&mut io, FrameType::Accept).await?;
    let accepted = state.accepted(accept)?;
    Ok(ClientSession::new(
        io,
        accepted.session,
        accepted.attested,
        accepted.client_name,
        accepted.control,
        accepted.directions.engine_to_client,
    ))
}

/// Sends a hello, takes the engine's, and ends the connection. There is no timeout inside: wrap the future.
pub async fn inspect<S: Io + 'static>(io: S) -> Result<Inspection, HandshakeError> {
    let mut io: BoxedIo = Box::new(io);
    let (state, server_hello) = exchange_hellos(&mut io).await?;
    state.inspect(&server_hello)
}

/// Answers a client and opens a session. On failure the client was told the status code that is its due, and
/// nothing else. There is no timeout inside: wrap the future.
pub async fn accept<S: Io + 'static>(io: S, options: &ServerOptions) -> Result<ServerSession, HandshakeError> {
    let mut io: BoxedIo = Box::new(io);
    match try_accept(&mut io, options).await {
        Ok(done) => {
            let client = (done.client, done.client_key, done.data_keys, done.data_policy);
            Ok(ServerSession::new(io, done.session, client, done.control, done.directions.engine_to_client))
        }
        Err(error) => {
            // The client may be gone already; its error is this one either way.
            let _ = write_status(&mut io, status_of(&error)).await;
            Err(error)
        }
    }
}

async fn try_accept(io: &mut BoxedIo, options: &ServerOptions) -> Result<server::Authenticated, HandshakeError> {
    let hello = read_frame(io, |kind| kind == FrameType::ClientHello).await?;
    check_plaintext(&hello.header)?;
    let state = server::HelloRead::start(hello.payload, options.policy_hash)?;

    // The device takes milliseconds for a document, and other sessions must not wait for it.
    let nsm = options.nsm.clone();
    let attested = tokio::task::spawn_blocking(move || state.attest(nsm.as_ref())).await;
    let (state, server_hello) = attested.map_err(|_| Error::Interrupted)??;
    write_plaintext(io, FrameType::ServerHello, &server_hello).await?;

    let auth = read_frame(io, |kind| kind == FrameType::ClientAuth).await?;
    let (authenticated, accept) = state.authenticate(auth, &options.access)?;
    write_frame(io, &accept.header, &accept.payload).await?;
    Ok(authenticated)
}

/// Turns a client away, for example with [`StatusCode::Busy`], without looking at anything that it sent. Returns when
/// the client has closed its side: a socket that is closed with unread bytes in it takes back what was written to it
/// last (RFC 9293, 3.6.1). There is no timeout inside: wrap the future.
pub async fn refuse<S: Io>(mut io: S, status: StatusCode) -> Result<()> {
    write_status(&mut io, status).await?;
    io.shutdown().await?;
    tokio::io::copy(&mut io.take(MAX_UNREAD), &mut tokio::io::sink()).await?;
    Ok(())
}

/// How much an honest client may have sent before it learns that it is turned away: less than this by far.
const MAX_UNREAD: u64 = 64 << 10;

/// All that a client, and whoever sits between, learns about a failure.
fn status_of(error: &HandshakeError) -> StatusCode {
    match error {
        HandshakeError::Denied => StatusCode::Denied,
        HandshakeError::Unsupported => StatusCode::UnsupportedVersion,
        HandshakeError::Connection(Error::UnknownVersion(_)) => StatusCode::UnsupportedVersion,
        HandshakeError::Nsm(_) => StatusCode::Busy,
        _ => StatusCode::BadFrame,
    }
}

async fn write_plaintext<W: AsyncWrite + Unpin>(io: &mut W, kind: FrameType, payload: &[u8]) -> Result<()> {
    write_frame(io, &FrameHeader::plaintext(kind, payload.len() as u32), payload).await
}

/// The header of a plaintext frame has nothing to say but type and length.
fn check_plaintext(header: &FrameHeader) -> Result<()> {
    let expected = FrameHeader::plaintext(header.kind, header.len);
    if *header == expected { Ok(()) } else { Err(Error::Malformed("a plaintext frame has a session or numbers")) }
}

/// The frame that the engine owes, or the status that it sent instead.
async fn read_answer(io: &mut BoxedIo, expected: FrameType) -> Result<Frame> {
    let frame = read_frame(io, |kind| kind == expected || kind == FrameType::Status).await?;
    match frame.header.kind {
        FrameType::Status => Err(Error::Status(parse_status(&frame.payload)?)),
        _ => Ok(frame),
    }
}
