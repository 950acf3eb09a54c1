//! A tap on a socket: it passes bytes on in both directions and keeps a copy of each, as a curious parent would.

use std::sync::{Arc, Mutex, PoisonError};

use casemate_wire::address::Address;
use casemate_wire::transport::{self, BoxedIo, Listener};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::task::JoinHandle;

/// Everything that passed, one entry for each direction of each connection.
#[derive(Clone, Default)]
pub struct Recording(Arc<Mutex<Vec<Vec<u8>>>>);

impl Recording {
    /// What passed so far.
    pub fn streams(&self) -> Vec<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Bytes that passed so far.
    pub fn bytes(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().map(Vec::len).sum()
    }

    fn open_stream(&self) -> usize {
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        streams.push(Vec::new());
        streams.len() - 1
    }

    fn append(&self, stream: usize, bytes: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)[stream].extend_from_slice(bytes);
    }
}

/// A relay that records. It ends when dropped.
pub struct Tap {
    task: JoinHandle<()>,
    /// Where it listens.
    pub address: Address,
    /// What passed.
    pub recording: Recording,
}

impl Tap {
    /// Listens at `listen` and passes every connection on to `to`.
    ///
    /// # Panics
    /// When it can't listen there.
    pub async fn start(listen: &Address, to: Address) -> Self {
        let listener = Listener::bind(listen).await.unwrap_or_else(|error| panic!("can't listen on {listen}: {error}"));
        let address = listener.local_address();
        let recording = Recording::default();
        let task = tokio::spawn(pass_all(listener, to, recording.clone()));
        Self { task, address, recording }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass_all(listener: Listener, to: Address, recording: Recording) {
    while let Ok(near) = listener.accept().await {
        tokio::spawn(pass(near, to.clone(), recording.clone()));
    }
}

async fn pass(near: BoxedIo, to: Address, recording: Recording) {
    let Ok(far) = transport::connect(&to).await else { return };
    let (near_read, near_write) = tokio::io::split(near);
    let (far_read, far_write) = tokio::io::split(far);
    tokio::join!(copy(near_read, far_write, &recording), copy(far_read, near_write, &recording));
}

async fn copy(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, recording: &Recording) {
    let stream = recording.open_stream();
    let mut buffer = vec![0; 64 << 10];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        recording.append(stream, &buffer[..count]);
        if to.write_all(&buffer[..count]).await.is_err() {
            break;
        }
    }
    // The other side may be gone already.
    let _ = to.shutdown().await;
}
