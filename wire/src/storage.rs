//! The storage protocol: how an engine asks its parent for files.
//!
//! It is plain: the parent owns the files and learns their names and ranges anyway; what must stay secret is
//! encrypted at rest. Many requests may be in flight on one connection, answers come in any order and carry the
//! id of their request. A message is `len u32 | id u64 | kind u8 | fields`, `len` counting from `id`, and is
//! checked against its cap before anything is allocated. Paths are `/`-separated and relative to the served
//! directory; that they stay inside it is for the server to check.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::codec::{Reader, put_long_text, put_short_text};
use crate::{Error, Result};

/// The largest request.
pub const MAX_REQUEST_BYTES: usize = 64 << 10;
/// The largest response, and so the largest range that one [`Request::Get`] may ask for is a little less.
pub const MAX_RESPONSE_BYTES: usize = 16 << 20;
/// The most bytes that one [`Request::Get`] may ask for.
pub const MAX_RANGE_BYTES: u64 = (8 << 20) as u64;

/// `id u64 | kind u8`
const PREFIX_LEN: usize = 9;

/// The kind of [`Response::Data`].
const DATA: u8 = 3;

/// What an engine asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// All files whose path starts with this prefix of whole segments (empty: all).
    List {
        /// A path without a slash at its end.
        prefix: String,
    },
    /// Size and time of one file.
    Head {
        /// Its path.
        path: String,
    },
    /// The bytes `start..end` of one file.
    Get {
        /// Its path.
        path: String,
        /// First byte.
        start: u64,
        /// One past the last byte; at most [`MAX_RANGE_BYTES`] after `start`.
        end: u64,
    },
}

/// What a parent tells about a file. Nothing of it is authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectMeta {
    /// Path, relative to the served directory.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// Last modification, in milliseconds since 1970.
    pub modified_ms: u64,
}

/// What a parent answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// To [`Request::List`].
    Listing(Vec<ObjectMeta>),
    /// To [`Request::Head`].
    Meta(ObjectMeta),
    /// To [`Request::Get`]: exactly the bytes asked for.
    Data(Bytes),
    /// To any request.
    Error {
        /// Why, for programs.
        code: ErrorCode,
        /// Why, for people.
        message: String,
    },
}

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ErrorCode {
    /// There is no such file.
    NotFound = 1,
    /// A path that leaves the served directory, or a range that is empty, too long or beyond the file.
    BadRequest = 2,
    /// The server may not read the file.
    PermissionDenied = 3,
    /// The answer would be larger than a response may be.
    TooLarge = 4,
    /// Anything else.
    Internal = 5,
}

impl ErrorCode {
    fn from_byte(byte: u8) -> Result<Self> {
        Ok(match byte {
            1 => Self::NotFound,
            2 => Self::BadRequest,
            3 => Self::PermissionDenied,
            4 => Self::TooLarge,
            5 => Self::Internal,
            _ => return Err(Error::Malformed("unknown error code in a storage response")),
        })
    }
}

impl Request {
    fn encode(&self, id: u64) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_u32(0);
        out.put_u64(id);
        match self {
            Self::List { prefix } => {
                out.put_u8(1);
                put_short_text(&mut out, prefix);
            }
            Self::Head { path } => {
                out.put_u8(2);
                put_short_text(&mut out, path);
            }
            Self::Get { path, start, end } => {
                out.put_u8(3);
                put_short_text(&mut out, path);
                out.put_u64(*start);
                out.put_u64(*end);
            }
        }
        set_length(&mut out);
        out
    }

    fn decode(message: &[u8]) -> Result<(u64, Self)> {
        let mut reader = Reader::new(message);
        let id = reader.u64()?;
        let request = match reader.u8()? {
            1 => Self::List { prefix: reader.short_text()?.to_owned() },
            2 => Self::Head { path: reader.short_text()?.to_owned() },
            3 => Self::Get { path: reader.short_text()?.to_owned(), start: reader.u64()?, end: reader.u64()? },
            _ => return Err(Error::Malformed("unknown storage request")),
        };
        reader.finish()?;
        Ok((id, request))
    }
}

impl Response {
    /// Everything of the message except the bytes of [`Response::Data`], which are written without a copy.
    fn encode_head(&self, id: u64) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_u32(0);
        out.put_u64(id);
        match self {
            Self::Listing(files) => {
                out.put_u8(1);
                out.put_u32(u32::try_from(files.len()).unwrap_or(u32::MAX));
                files.iter().for_each(|meta| meta.encode(&mut out));
            }
            Self::Meta(meta) => {
                out.put_u8(2);
                meta.encode(&mut out);
            }
            Self::Data(_) => out.put_u8(DATA),
            Self::Error { code, message } => {
                out.put_u8(4);
                out.put_u8(*code as u8);
                put_long_text(&mut out, message, MAX_MESSAGE_BYTES);
            }
        }
        out
    }

    /// Any response but [`Response::Data`], by what follows its kind.
    fn decode(kind: u8, fields: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(fields);
        let response = match kind {
            1 => Self::Listing(decode_listing(&mut reader)?),
            2 => Self::Meta(ObjectMeta::decode(&mut reader)?),
            4 => {
                let code = ErrorCode::from_byte(reader.u8()?)?;
                Self::Error { code, message: reader.long_text()?.to_owned() }
            }
            _ => return Err(Error::Malformed("unknown storage response")),
        };
        reader.finish()?;
        Ok(response)
    }
}

/// The longest message of an error; what is longer is cut.
const MAX_MESSAGE_BYTES: u32 = 4096;

/// Bytes of the shortest entry of a listing: an empty path, size, time.
const MIN_ENTRY_BYTES: usize = 2 + 8 + 8;

fn decode_listing(reader: &mut Reader<'_>) -> Result<Vec<ObjectMeta>> {
    let count = reader.u32()? as usize;
    if count > MAX_RESPONSE_BYTES / MIN_ENTRY_BYTES {
        return Err(Error::Malformed("a listing announces more files than it can hold"));
    }
    // Grown as entries arrive: the count alone allocates nothing.
    (0..count).map(|_| ObjectMeta::decode(reader)).collect()
}

impl ObjectMeta {
    fn encode(&self, out: &mut Vec<u8>) {
        put_short_text(out, &self.path);
        out.put_u64(self.size);
        out.put_u64(self.modified_ms);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self> {
        Ok(Self { path: reader.short_text()?.to_owned(), size: reader.u64()?, modified_ms: reader.u64()? })
    }
}

fn set_length(message: &mut [u8]) {
    let len = (message.len() - 4) as u32;
    message[..4].copy_from_slice(&len.to_be_bytes());
}

/// Reads the next request and its id; `None` when the engine closed the connection.
pub async fn read_request<R: AsyncRead + Unpin>(reader: &mut R) -> Result<Option<(u64, Request)>> {
    match read_message(reader, MAX_REQUEST_BYTES).await? {
        Some(message) => Request::decode(&message).map(Some),
        None => Ok(None),
    }
}

/// Writes a request. A path beyond [`MAX_REQUEST_BYTES`] is [`Error::FrameTooLarge`], and nothing is written.
pub async fn write_request<W: AsyncWrite + Unpin>(writer: &mut W, id: u64, request: &Request) -> Result<()> {
    let (Request::List { prefix: path } | Request::Head { path } | Request::Get { path, .. }) = request;
    check(path.len() + PREFIX_LEN + 18, MAX_REQUEST_BYTES)?;
    writer.write_all(&request.encode(id)).await?;
    Ok(writer.flush().await?)
}

/// What a parent sends next, as far as it can be told from the first bytes of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// The beginning of a [`Response::Data`]: [`read_data`] takes its bytes, so that they need not be copied once more.
    Data {
        /// The id of its request.
        id: u64,
        /// How many bytes follow.
        len: usize,
    },
    /// Any other response as a whole, with the id of its request.
    Response(u64, Response),
}

/// Reads the next response, but for the bytes of a file; `None` when the parent closed the connection.
pub async fn read_incoming<R: AsyncRead + Unpin>(reader: &mut R) -> Result<Option<Incoming>> {
    let Some(len) = read_length(reader, MAX_RESPONSE_BYTES).await? else { return Ok(None) };
    let mut prefix = [0; PREFIX_LEN];
    reader.read_exact(&mut prefix).await?;
    let mut fields = Reader::new(&prefix);
    let (id, kind) = (fields.u64()?, fields.u8()?);
    let rest = len - PREFIX_LEN;
    if kind == DATA {
        return Ok(Some(Incoming::Data { id, len: rest }));
    }
    let mut fields = BytesMut::with_capacity(rest);
    read_data(reader, rest, &mut fields).await?;
    Response::decode(kind, &fields).map(|response| Some(Incoming::Response(id, response)))
}

/// Appends the next `len` bytes to `buffer`, which grows if they don't fit into its capacity.
pub async fn read_data<R: AsyncRead + Unpin>(reader: &mut R, len: usize, buffer: &mut BytesMut) -> Result<()> {
    buffer.reserve(len);
    let mut missing = len;
    while missing > 0 {
        match reader.read_buf(&mut (&mut *buffer).limit(missing)).await? {
            0 => return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into()),
            read => missing -= read,
        }
    }
    Ok(())
}

/// Reads the next response and the id of its request; `None` when the parent closed the connection.
pub async fn read_response<R: AsyncRead + Unpin>(reader: &mut R) -> Result<Option<(u64, Response)>> {
    Ok(match read_incoming(reader).await? {
        None => None,
        Some(Incoming::Response(id, response)) => Some((id, response)),
        Some(Incoming::Data { id, len }) => {
            let mut data = BytesMut::with_capacity(len);
            read_data(reader, len, &mut data).await?;
            Some((id, Response::Data(data.freeze())))
        }
    })
}

/// Bytes of [`data_head`].
pub const DATA_HEAD_LEN: usize = 4 + PREFIX_LEN;

/// What stands before the bytes of a [`Response::Data`], for who sends these without having all of them in memory.
///
/// # Errors
/// [`Error::FrameTooLarge`] for more than [`MAX_RANGE_BYTES`].
pub fn data_head(id: u64, len: usize) -> Result<[u8; DATA_HEAD_LEN]> {
    check(len, MAX_RANGE_BYTES as usize)?;
    let mut head = [0; DATA_HEAD_LEN];
    let mut fields = &mut head[..];
    fields.put_u32((PREFIX_LEN + len) as u32);
    fields.put_u64(id);
    fields.put_u8(DATA);
    Ok(head)
}

/// Writes a response. One beyond [`MAX_RESPONSE_BYTES`] goes out as [`ErrorCode::TooLarge`] instead.
pub async fn write_response<W: AsyncWrite + Unpin>(writer: &mut W, id: u64, response: &Response) -> Result<()> {
    let mut head = response.encode_head(id);
    let mut data = if let Response::Data(data) = response { data.clone() } else { Bytes::new() };
    if check(head.len() - 4 + data.len(), MAX_RESPONSE_BYTES).is_err() {
        let message = "the answer is larger than 16 MiB; ask for less at once".to_owned();
        head = Response::Error { code: ErrorCode::TooLarge, message }.encode_head(id);
        data = Bytes::new();
    }
    let len = (head.len() - 4 + data.len()) as u32;
    head[..4].copy_from_slice(&len.to_be_bytes());
    // As one write where the writer takes several pieces at once.
    writer.write_all_buf(&mut Buf::chain(&head[..], data)).await?;
    Ok(writer.flush().await?)
}

async fn read_message<R: AsyncRead + Unpin>(reader: &mut R, cap: usize) -> Result<Option<Bytes>> {
    let Some(len) = read_length(reader, cap).await? else { return Ok(None) };
    let mut message = BytesMut::with_capacity(len);
    read_data(reader, len, &mut message).await?;
    Ok(Some(message.freeze()))
}

/// The length of the next message, which was checked.
async fn read_length<R: AsyncRead + Unpin>(reader: &mut R, cap: usize) -> Result<Option<usize>> {
    let mut bytes = [0; 4];
    if reader.read(&mut bytes[..1]).await? == 0 {
        return Ok(None);
    }
    reader.read_exact(&mut bytes[1..]).await?;
    let len = u32::from_be_bytes(bytes) as usize;
    check(len, cap)?;
    if len < PREFIX_LEN {
        return Err(Error::Malformed("a storage message is shorter than its fixed fields"));
    }
    Ok(Some(len))
}

fn check(len: usize, cap: usize) -> Result<()> {
    if len > cap { Err(Error::FrameTooLarge { len: len as u64, cap: cap as u64 }) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
