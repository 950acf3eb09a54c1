//! The relay: passes a client's bytes to the enclave and back, with bounded buffers, and understands none of them.

use std::io;
use std::sync::atomic::Ordering;

use casemate_wire::transport::BoxedIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};

use super::counters::{Counters, FrameCounter, Traffic};

/// Most bytes held for one direction of one connection.
const BUFFER_BYTES: usize = 64 * 1024;

/// Passes bytes both ways until the enclave has ended its side or an error ends both. A client that ends its own side
/// (half-close) still gets what the enclave has to say; an enclave that has ended its side has nothing left to be told.
pub(super) async fn relay(client: BoxedIo, enclave: BoxedIo, counters: &Counters) -> io::Result<()> {
    let (client_read, client_write) = tokio::io::split(client);
    let (enclave_read, enclave_write) = tokio::io::split(enclave);
    let inward = pass(client_read, enclave_write, &counters.to_enclave);
    let outward = pass(enclave_read, client_write, &counters.to_client);
    tokio::select! {
        ended = outward => ended,
        Err(error) = inward => Err(error),
    }
}

async fn pass(mut from: ReadHalf<BoxedIo>, mut to: WriteHalf<BoxedIo>, traffic: &Traffic) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut frames = FrameCounter::default();
    loop {
        let count = from.read(&mut buffer).await?;
        let bytes = buffer.get(..count).unwrap_or_default();
        if bytes.is_empty() {
            return to.shutdown().await;
        }
        to.write_all(bytes).await?;
        to.flush().await?;
        traffic.bytes.fetch_add(count as u64, Ordering::Relaxed);
        traffic.frames.fetch_add(frames.feed(bytes), Ordering::Relaxed);
    }
}
