//! The relay: passes a client's bytes to the enclave and back, with bounded buffers, and understands none of them.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use casemate_wire::frame::StatusCode;
use casemate_wire::handshake::refuse;
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
///
/// A connection that ends while the client still expects something may mean that the whole enclave `is_gone`. The client
/// is told so, if it can be: between two frames. Inside one, the status would be taken for a part of it.
pub(super) async fn relay(
    client: BoxedIo,
    enclave: BoxedIo,
    counters: &Counters,
    is_gone: impl Future<Output = bool>,
) -> io::Result<()> {
    let (mut client_read, mut client_write) = tokio::io::split(client);
    let (mut enclave_read, mut enclave_write) = tokio::io::split(enclave);
    let (mut outward_frames, mut inward_frames) = (FrameCounter::default(), FrameCounter::default());
    let client_ended = AtomicBool::new(false);
    let outward = pass(&mut enclave_read, &mut client_write, &counters.to_client, &mut outward_frames);
    let inward = async {
        pass(&mut client_read, &mut enclave_write, &counters.to_enclave, &mut inward_frames).await?;
        client_ended.store(true, Ordering::Relaxed);
        enclave_write.shutdown().await.map_err(Broken::Write)
    };
    let ended = tokio::select! {
        ended = outward => ended,
        Err(Broken::Read(error)) = inward => return Err(error),
    };
    if let Err(Broken::Write(error)) = ended {
        return Err(error);
    }
    if !client_ended.load(Ordering::Relaxed) && outward_frames.is_between_frames() && is_gone.await {
        say_goodbye(client_read.unsplit(client_write), StatusCode::Unavailable).await;
        return Ok(());
    }
    if let Err(Broken::Read(error)) = ended {
        return Err(error);
    }
    client_write.shutdown().await?;
    linger(client_read).await;
    Ok(())
}

/// Tells a client why its connection ends. It is given a moment to take that in.
pub(super) async fn say_goodbye(client: BoxedIo, why: StatusCode) {
    // It is gone already, or does not end: nothing is owed to it any more.
    let _ = timeout(LINGER, refuse(client, why)).await;
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

/// Passes bytes on until `from` ends. The other side is not told that it has.
async fn pass(
    from: &mut ReadHalf<BoxedIo>,
    to: &mut WriteHalf<BoxedIo>,
    traffic: &Traffic,
    frames: &mut FrameCounter,
) -> Result<(), Broken> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let count = from.read(&mut buffer).await.map_err(Broken::Read)?;
        let bytes = buffer.get(..count).unwrap_or_default();
        if bytes.is_empty() {
            return Ok(());
        }
        to.write_all(bytes).await.map_err(Broken::Write)?;
        to.flush().await.map_err(Broken::Write)?;
        traffic.bytes.fetch_add(count as u64, Ordering::Relaxed);
        traffic.frames.fetch_add(frames.feed(bytes), Ordering::Relaxed);
    }
}
