//! The relay: passes a client's bytes to the enclave and back, with bounded buffers, and understands none of them.

use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;

use casemate_wire::transport::BoxedIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::time::timeout;

use super::counters::{Counters, FrameCounter, Traffic};

/// Most bytes held for one direction of one connection.
const BUFFER_BYTES: usize = 64 * 1024;

/// How long a client may take to read the end of an answer.
const LINGER: Duration = Duration::from_secs(2);

/// Passes bytes both ways until the enclave has ended its side or the client is gone. A client that ends its own side
/// (half-close) still gets what the enclave has to say, and so does one whose bytes the enclave does not take any more: the
/// reason is on its way. An enclave that has ended its side has nothing left to be told.
pub(super) async fn relay(client: BoxedIo, enclave: BoxedIo, counters: &Counters) -> io::Result<()> {
    let (mut client_read, client_write) = tokio::io::split(client);
    let (mut enclave_read, enclave_write) = tokio::io::split(enclave);
    let outward = pass(&mut enclave_read, client_write, &counters.to_client);
    let inward = pass(&mut client_read, enclave_write, &counters.to_enclave);
    tokio::select! {
        ended = outward => ended.map_err(Broken::into_error)?,
        Err(Broken::Read(error)) = inward => return Err(error),
    }
    linger(client_read).await;
    Ok(())
}

/// Takes what the client still sends until it closes: a socket that is closed with unread bytes in it takes back what
/// was written to it last (RFC 9293, 3.6.1), which may be the reason of a refusal.
async fn linger(client: ReadHalf<BoxedIo>) {
    let mut rest = client.take(BUFFER_BYTES as u64);
    // It has been told all there is to tell, whether it closes or not.
    let _ = timeout(LINGER, tokio::io::copy(&mut rest, &mut tokio::io::sink())).await;
}

/// Which side of a direction failed.
enum Broken {
    Read(io::Error),
    Write(io::Error),
}

impl Broken {
    fn into_error(self) -> io::Error {
        let (Broken::Read(error) | Broken::Write(error)) = self;
        error
    }
}

async fn pass(from: &mut ReadHalf<BoxedIo>, mut to: WriteHalf<BoxedIo>, traffic: &Traffic) -> Result<(), Broken> {
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut frames = FrameCounter::default();
    loop {
        let count = from.read(&mut buffer).await.map_err(Broken::Read)?;
        let bytes = buffer.get(..count).unwrap_or_default();
        if bytes.is_empty() {
            return to.shutdown().await.map_err(Broken::Write);
        }
        to.write_all(bytes).await.map_err(Broken::Write)?;
        to.flush().await.map_err(Broken::Write)?;
        traffic.bytes.fetch_add(count as u64, Ordering::Relaxed);
        traffic.frames.fetch_add(frames.feed(bytes), Ordering::Relaxed);
    }
}
