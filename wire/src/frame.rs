//! Frames: the 44-byte header in front of everything that a client and an engine send each other.
//!
//! The length in a header is checked against the cap of the frame's type before anything is allocated, and
//! the whole header is the associated data of a sealed payload.

use std::fmt;
use std::io::IoSlice;

use bytes::BufMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::codec::Reader;
use crate::{Error, Result};

/// The version of the protocol that this crate speaks.
pub const VERSION: u8 = 1;

/// Bytes of a frame header.
pub const HEADER_LEN: usize = 44;

/// Bytes of an AES-GCM tag at the end of every sealed payload.
pub const TAG_LEN: usize = 16;

/// The largest padded plaintext of one record: 16 MiB.
pub const MAX_RECORD_PLAINTEXT: usize = 16 << 20;

/// Names a session. Chosen by the engine, random, not secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId(pub [u8; 16]);

impl SessionId {
    /// What frames carry before a session exists.
    pub const NONE: Self = Self([0; 16]);
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({self})")
    }
}

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FrameType {
    /// Client to engine, plaintext: version, suites, nonce.
    ClientHello = 1,
    /// Engine to client, plaintext: suite, session, public key, attestation document.
    ServerHello = 2,
    /// Client to engine, HPKE-sealed: identity, signature, data keys.
    ClientAuth = 3,
    /// Engine to client, sealed: the identity was accepted.
    Accept = 4,
    /// Client to engine, sealed: a query, a cancellation, the end of the session.
    Control = 5,
    /// Engine to client, sealed: the schema of a statement's result.
    ResultSchema = 6,
    /// Engine to client, sealed: a dictionary of following batches.
    ResultDictionary = 7,
    /// Engine to client, sealed: one record batch.
    ResultBatch = 8,
    /// Engine to client, sealed: one statement is complete.
    StatementEnd = 9,
    /// Engine to client, sealed: the query is complete, or failed. Always the last record of its stream.
    End = 10,
    /// Either direction, plaintext: one byte that says why the connection ends.
    Status = 11,
}

impl FrameType {
    fn from_byte(byte: u8) -> Result<Self> {
        Ok(match byte {
            1 => Self::ClientHello,
            2 => Self::ServerHello,
            3 => Self::ClientAuth,
            4 => Self::Accept,
            5 => Self::Control,
            6 => Self::ResultSchema,
            7 => Self::ResultDictionary,
            8 => Self::ResultBatch,
            9 => Self::StatementEnd,
            10 => Self::End,
            11 => Self::Status,
            other => return Err(Error::UnknownFrameType(other)),
        })
    }

    /// The largest payload that a frame of this type may announce.
    pub const fn max_payload(self) -> usize {
        match self {
            Self::ClientHello => 1 << 10,
            Self::ServerHello => 20 << 10,
            Self::ClientAuth => 64 << 10,
            Self::Accept => (4 << 10) + TAG_LEN,
            Self::Control => (2 << 20) + TAG_LEN,
            Self::ResultSchema | Self::ResultDictionary | Self::ResultBatch | Self::StatementEnd | Self::End => {
                MAX_RECORD_PLAINTEXT + TAG_LEN
            }
            Self::Status => 1,
        }
    }

    /// Whether frames of this type belong to a result stream.
    pub const fn is_result(self) -> bool {
        matches!(self, Self::ResultSchema | Self::ResultDictionary | Self::ResultBatch | Self::StatementEnd | Self::End)
    }
}

/// Everything that is ever said in the clear about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum StatusCode {
    /// No free session; try later.
    Busy = 1,
    /// The engine could not make sense of what it received.
    BadFrame = 2,
    /// The engine does not serve this client.
    Denied = 3,
    /// No version or suite in common.
    UnsupportedVersion = 4,
    /// Said by a relay, not by an engine: no enclave is behind it at the moment. Sessions with the one before are lost.
    Unavailable = 5,
}

impl StatusCode {
    fn from_byte(byte: u8) -> Result<Self> {
        Ok(match byte {
            1 => Self::Busy,
            2 => Self::BadFrame,
            3 => Self::Denied,
            4 => Self::UnsupportedVersion,
            5 => Self::Unavailable,
            _ => return Err(Error::Malformed("unknown status code")),
        })
    }
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy => "busy; try again later",
            Self::BadFrame => "bad frame; it could not read what it received",
            Self::Denied => "denied; is this client's key in the engine's access file?",
            Self::UnsupportedVersion => "unsupported version; update the older side",
            Self::Unavailable => {
                "unavailable; the enclave is gone, and its sessions and their keys with it: connect again, which attests \
                 the next one anew, and repeat what has no complete answer"
            }
        })
    }
}

/// The header of a frame. `version` is not a field: another version does not parse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// What the frame is.
    pub kind: FrameType,
    /// Whether it is the last frame of its stream.
    pub last: bool,
    /// The session, zero during the handshake's plaintext part.
    pub session: SessionId,
    /// 0 for the session's own messages, else the result stream that the client named.
    pub stream: u64,
    /// How often the stream's key was changed.
    pub epoch: u32,
    /// Counts the records of a stream from 0, over all its epochs.
    pub seq: u64,
    /// Bytes of payload that follow.
    pub len: u32,
}

/// Bit 0 of the flags.
const FLAG_LAST: u16 = 1;

impl FrameHeader {
    /// The header of a plaintext handshake frame.
    pub(crate) fn plaintext(kind: FrameType, len: u32) -> Self {
        Self { kind, last: false, session: SessionId::NONE, stream: 0, epoch: 0, seq: 0, len }
    }

    /// The 44 bytes as they are sent and as they are authenticated.
    pub fn to_bytes(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        let mut out = &mut bytes[..];
        out.put_u8(VERSION);
        out.put_u8(self.kind as u8);
        out.put_u16(if self.last { FLAG_LAST } else { 0 });
        out.put_slice(&self.session.0);
        out.put_u64(self.stream);
        out.put_u32(self.epoch);
        out.put_u64(self.seq);
        out.put_u32(self.len);
        bytes
    }

    /// Reads a header and checks version, type, flags and length.
    pub fn parse(bytes: &[u8; HEADER_LEN]) -> Result<Self> {
        let mut reader = Reader::new(bytes);
        let version = reader.u8()?;
        if version != VERSION {
            return Err(Error::UnknownVersion(version));
        }
        let kind = FrameType::from_byte(reader.u8()?)?;
        let last = match reader.u16()? {
            0 => false,
            FLAG_LAST => true,
            _ => return Err(Error::Malformed("unknown flags in a frame header")),
        };
        let header = Self {
            kind,
            last,
            session: SessionId(reader.array()?),
            stream: reader.u64()?,
            epoch: reader.u32()?,
            seq: reader.u64()?,
            len: reader.u32()?,
        };
        let (len, cap) = (u64::from(header.len), kind.max_payload() as u64);
        if len > cap { Err(Error::FrameTooLarge { len, cap }) } else { Ok(header) }
    }
}

/// A frame as it crossed the wire.
pub struct Frame {
    /// Its header.
    pub header: FrameHeader,
    /// Its payload, `header.len` bytes.
    pub payload: Vec<u8>,
}

/// Reads one frame, of a type that may stand here. The end of the connection is [`Error::Closed`] before a frame and
/// [`Error::Truncated`] in it.
///
/// Not cancel safe: a caller that stops waiting must not read from the connection again.
pub async fn read_frame<R: AsyncRead + Unpin>(reader: &mut R, expected: impl Fn(FrameType) -> bool) -> Result<Frame> {
    let header = read_header(reader).await?;
    if !expected(header.kind) {
        return Err(Error::Unexpected(header.kind));
    }
    let len = header.len as usize;
    let mut payload = Vec::with_capacity(len);
    while payload.len() < len {
        let missing = len - payload.len();
        if reader.read_buf(&mut (&mut payload).limit(missing)).await? == 0 {
            return Err(Error::Truncated);
        }
    }
    Ok(Frame { header, payload })
}

async fn read_header<R: AsyncRead + Unpin>(reader: &mut R) -> Result<FrameHeader> {
    let mut bytes = [0; HEADER_LEN];
    let mut filled = 0;
    while filled < HEADER_LEN {
        match reader.read(&mut bytes[filled..]).await? {
            0 if filled == 0 => return Err(Error::Closed),
            0 => return Err(Error::Truncated),
            count => filled += count,
        }
    }
    FrameHeader::parse(&bytes)
}

/// Writes one frame and flushes it.
pub async fn write_frame<W: AsyncWrite + Unpin>(writer: &mut W, header: &FrameHeader, payload: &[u8]) -> Result<()> {
    debug_assert_eq!(header.len as usize, payload.len());
    let header = header.to_bytes();
    let mut header = &header[..];
    let mut payload = payload;
    while !header.is_empty() || !payload.is_empty() {
        let written = writer.write_vectored(&[IoSlice::new(header), IoSlice::new(payload)]).await?;
        if written == 0 {
            return Err(std::io::Error::from(std::io::ErrorKind::WriteZero).into());
        }
        let of_header = written.min(header.len());
        header = &header[of_header..];
        payload = &payload[written - of_header..];
    }
    Ok(writer.flush().await?)
}

/// Sends the reason why this side ends the connection.
pub(crate) async fn write_status<W: AsyncWrite + Unpin>(writer: &mut W, status: StatusCode) -> Result<()> {
    write_frame(writer, &FrameHeader::plaintext(FrameType::Status, 1), &[status as u8]).await
}

/// The code in a status frame.
pub(crate) fn parse_status(payload: &[u8]) -> Result<StatusCode> {
    match payload {
        [code] => StatusCode::from_byte(*code),
        _ => Err(Error::Malformed("a status is one byte")),
    }
}

#[cfg(test)]
mod tests;
