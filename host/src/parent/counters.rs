//! What the parent can count: connections, bytes and frames, since it sees nothing else.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use casemate_wire::frame::HEADER_LEN;

/// Running totals of a [`ParentServer`](super::ParentServer).
#[derive(Debug, Default)]
pub struct Counters {
    pub(super) connections: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) to_enclave: Traffic,
    pub(super) to_client: Traffic,
    pub(super) storage_connections: AtomicU64,
    pub(super) storage_requests: AtomicU64,
    pub(super) storage_refused: AtomicU64,
    pub(super) storage_bytes: AtomicU64,
}

/// Bytes and frames of one direction.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    pub(super) bytes: AtomicU64,
    pub(super) frames: AtomicU64,
}

/// The totals at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CounterValues {
    /// Client connections relayed.
    pub connections: u64,
    /// Client connections turned away: too many at once, or the enclave was not there.
    pub refused: u64,
    /// Bytes from clients to the enclave.
    pub bytes_to_enclave: u64,
    /// Frames from clients to the enclave.
    pub frames_to_enclave: u64,
    /// Bytes from the enclave to clients.
    pub bytes_to_client: u64,
    /// Frames from the enclave to clients.
    pub frames_to_client: u64,
    /// Storage connections of the enclave.
    pub storage_connections: u64,
    /// Storage requests answered or refused.
    pub storage_requests: u64,
    /// Storage requests refused.
    pub storage_refused: u64,
    /// Bytes of files given to the enclave.
    pub storage_bytes: u64,
}

impl Counters {
    /// The totals now.
    pub fn values(&self) -> CounterValues {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        CounterValues {
            connections: read(&self.connections),
            refused: read(&self.refused),
            bytes_to_enclave: read(&self.to_enclave.bytes),
            frames_to_enclave: read(&self.to_enclave.frames),
            bytes_to_client: read(&self.to_client.bytes),
            frames_to_client: read(&self.to_client.frames),
            storage_connections: read(&self.storage_connections),
            storage_requests: read(&self.storage_requests),
            storage_refused: read(&self.storage_refused),
            storage_bytes: read(&self.storage_bytes),
        }
    }
}

impl fmt::Display for CounterValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "client connections   {} ({} refused)", self.connections, self.refused)?;
        writeln!(f, "to the enclave       {} bytes in {} frames", self.bytes_to_enclave, self.frames_to_enclave)?;
        writeln!(f, "to clients           {} bytes in {} frames", self.bytes_to_client, self.frames_to_client)?;
        write!(
            f,
            "storage              {} connections, {} requests ({} refused), {} bytes of files",
            self.storage_connections, self.storage_requests, self.storage_refused, self.storage_bytes
        )
    }
}

/// Counts frames in a byte stream by their headers alone, holding no more than one header.
#[derive(Debug, Default)]
pub(super) struct FrameCounter {
    header: Vec<u8>,
    payload_left: u64,
}

impl FrameCounter {
    /// Takes the next bytes and returns how many frames they complete.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> u64 {
        let mut complete = 0;
        while !bytes.is_empty() {
            if self.header.len() < HEADER_LEN {
                let (head, rest) = bytes.split_at(bytes.len().min(HEADER_LEN - self.header.len()));
                self.header.extend_from_slice(head);
                bytes = rest;
                // The last four bytes of a header are the payload's length.
                if let Some(&[a, b, c, d]) = self.header.get(HEADER_LEN - 4..) {
                    self.payload_left = u32::from_be_bytes([a, b, c, d]).into();
                }
            } else {
                let taken = bytes.len().min(usize::try_from(self.payload_left).unwrap_or(usize::MAX));
                bytes = bytes.get(taken..).unwrap_or_default();
                self.payload_left -= taken as u64;
            }
            if self.header.len() == HEADER_LEN && self.payload_left == 0 {
                self.header.clear();
                complete += 1;
            }
        }
        complete
    }

    /// Whether what came so far ends with a whole frame.
    pub(super) fn is_between_frames(&self) -> bool {
        self.header.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(payload: usize) -> Vec<u8> {
        let mut bytes = vec![7; HEADER_LEN - 4];
        bytes.extend_from_slice(&(payload as u32).to_be_bytes());
        bytes.resize(HEADER_LEN + payload, 9);
        bytes
    }

    #[test]
    fn frames_are_counted_however_the_bytes_are_cut() {
        let stream = [frame(0), frame(1), frame(1000), frame(0)].concat();
        for cut in [1, 3, 43, 44, 45, 100, stream.len()] {
            let mut counter = FrameCounter::default();
            let frames: u64 = stream.chunks(cut).map(|chunk| counter.feed(chunk)).sum();
            assert_eq!(frames, 4, "cut every {cut} bytes");
        }
    }

    #[test]
    fn a_frame_that_is_not_complete_is_not_counted() {
        let mut counter = FrameCounter::default();
        let bytes = frame(10);
        assert!(counter.is_between_frames());
        for (bytes, frames) in [(&bytes[..20], 0), (&bytes[20..53], 0), (&bytes[53..], 1)] {
            assert_eq!(counter.feed(bytes), frames);
            assert_eq!(counter.is_between_frames(), frames == 1);
        }
    }
}
