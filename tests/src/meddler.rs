//! A hostile parent: a relay that understands frames (it holds no key) and drops, changes, repeats or invents them.

use std::sync::Arc;

use casemate_wire::address::Address;
use casemate_wire::frame::{Frame, FrameHeader, FrameType, read_frame, write_frame};
use casemate_wire::transport::{self, BoxedIo, Listener};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::task::JoinHandle;

/// Where a frame is going.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Toward {
    /// From a client to the engine.
    Engine,
    /// From the engine to a client.
    Client,
}

/// What becomes of a frame.
pub enum Verdict {
    /// These frames are sent in its place.
    Send(Vec<Sent>),
    /// These frames are sent in its place, then both connections are closed.
    SendAndClose(Vec<Sent>),
}

/// A frame to be sent, well formed or not.
#[derive(Clone)]
pub struct Sent {
    /// Its header.
    pub header: FrameHeader,
    /// Its payload.
    pub payload: Vec<u8>,
}

impl Sent {
    /// A copy of a frame.
    pub fn copy(frame: &Frame) -> Self {
        Self { header: frame.header, payload: frame.payload.clone() }
    }
}

/// Whether a frame is a record of a result.
pub fn is_result(header: &FrameHeader) -> bool {
    header.kind.is_result()
}

/// Whether a frame carries rows.
pub fn is_batch(header: &FrameHeader) -> bool {
    header.kind == FrameType::ResultBatch
}

/// Passes a frame on as it is.
pub fn pass(frame: &Frame) -> Verdict {
    Verdict::Send(vec![Sent::copy(frame)])
}

/// What a hostile parent does to the frames of one connection, in the order in which they arrive.
pub trait Meddle: Send + 'static {
    /// Decides about one frame.
    fn frame(&mut self, toward: Toward, frame: &Frame) -> Verdict;
}

impl<F: FnMut(Toward, &Frame) -> Verdict + Send + 'static> Meddle for F {
    fn frame(&mut self, toward: Toward, frame: &Frame) -> Verdict {
        self(toward, frame)
    }
}

/// The hostile relay. It ends when dropped.
pub struct Meddler {
    task: JoinHandle<()>,
    /// Where clients connect.
    pub address: Address,
}

impl Meddler {
    /// Listens on a free TCP port and relays to `to`. `connection` makes what happens to each connection, from its
    /// number (0, 1, ..).
    ///
    /// # Panics
    /// When it can't listen.
    pub async fn start<M: Meddle>(to: Address, connection: impl Fn(usize) -> M + Send + 'static) -> Self {
        let listen = Address::Tcp("127.0.0.1:0".to_owned());
        let listener = Listener::bind(&listen).await.expect("a free port");
        let address = listener.local_address();
        let task = tokio::spawn(async move {
            let mut number = 0;
            while let Ok(client) = listener.accept().await {
                tokio::spawn(relay(client, to.clone(), connection(number)));
                number += 1;
            }
        });
        Self { task, address }
    }
}

impl Drop for Meddler {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn relay<M: Meddle>(client: BoxedIo, to: Address, meddle: M) {
    let Ok(engine) = transport::connect(&to).await else { return };
    let (from_client, to_client) = tokio::io::split(client);
    let (from_engine, to_engine) = tokio::io::split(engine);
    let meddle = Arc::new(tokio::sync::Mutex::new(meddle));
    // When one direction closes, both are: dropping the halves does it.
    tokio::select! {
        () = one_way(Toward::Engine, from_client, to_engine, &meddle) => {}
        () = one_way(Toward::Client, from_engine, to_client, &meddle) => {}
    }
}

async fn one_way<M: Meddle>(
    toward: Toward,
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    meddle: &tokio::sync::Mutex<M>,
) {
    while let Ok(frame) = read_frame(&mut from, |_| true).await {
        let verdict = meddle.lock().await.frame(toward, &frame);
        let (frames, close) = match verdict {
            Verdict::Send(frames) => (frames, false),
            Verdict::SendAndClose(frames) => (frames, true),
        };
        for Sent { mut header, payload } in frames {
            header.len = u32::try_from(payload.len()).expect("payloads are small");
            if write_frame(&mut to, &header, &payload).await.is_err() {
                return;
            }
        }
        if close {
            break;
        }
    }
    let _ = to.shutdown().await;
}
