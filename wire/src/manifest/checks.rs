//! Hashes of files, by which ranges of them can be checked without reading the rest.

use std::ops::Range;

use sha2::{Digest, Sha256, Sha384};

/// The smallest piece that has a hash of its own.
pub const MIN_CHUNK_BYTES: u64 = 4 << 10;

/// The largest: one request of the storage protocol.
pub const MAX_CHUNK_BYTES: u64 = crate::storage::MAX_RANGE_BYTES;

/// The usual one: a read of a single value costs this much, and a terabyte has 32 MiB of hashes.
pub const CHUNK_BYTES: u64 = 1 << 20;

/// The longest footer that is accepted.
pub const MAX_FOOTER_BYTES: u64 = 64 << 20;

/// Length and magic at the end of every Parquet file.
const TRAILER_BYTES: u64 = 8;

/// Bytes of a chunk's hash.
const HASH_LEN: usize = 32;

/// SHA-384 of a Parquet file's end, from where its footer starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FooterHash {
    /// The first byte of the footer; it ends with the file.
    pub start: u64,
    /// The hash.
    pub sha384: [u8; 48],
}

impl FooterHash {
    /// The hash of `footer`, which starts at byte `start` of its file.
    pub fn of(start: u64, footer: &[u8]) -> Self {
        Self { start, sha384: Sha384::digest(footer).into() }
    }

    /// Whether `footer` is what was hashed.
    pub fn matches(&self, footer: &[u8]) -> bool {
        Sha384::digest(footer)[..] == self.sha384
    }

    pub(super) fn check(&self, size: u64) -> Result<(), &'static str> {
        match size.checked_sub(self.start) {
            Some(TRAILER_BYTES..=MAX_FOOTER_BYTES) => Ok(()),
            _ => Err("its footer does not lie at its end, or is larger than 64 MiB"),
        }
    }
}

/// SHA-256 of each piece of a file, all of the same size but the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkHashes {
    chunk_bytes: u64,
    hashes: Vec<u8>,
}

impl ChunkHashes {
    /// Hashes of pieces of `chunk_bytes`, still without any. A size that is not a power of two within the limits is
    /// rounded to one that is.
    pub fn new(chunk_bytes: u64) -> Self {
        let chunk_bytes = chunk_bytes.clamp(MIN_CHUNK_BYTES, MAX_CHUNK_BYTES).next_power_of_two();
        Self { chunk_bytes, hashes: Vec::new() }
    }

    /// Adds the next piece of the file, whole except the last.
    pub fn push(&mut self, chunk: &[u8]) {
        self.hashes.extend_from_slice(&Sha256::digest(chunk));
    }

    /// Bytes of a piece.
    pub fn chunk_bytes(&self) -> u64 {
        self.chunk_bytes
    }

    /// The smallest range of whole pieces around `range` of a file of `size` bytes.
    pub fn aligned(&self, range: &Range<u64>, size: u64) -> Range<u64> {
        let start = range.start / self.chunk_bytes * self.chunk_bytes;
        let end = range.end.div_ceil(self.chunk_bytes).saturating_mul(self.chunk_bytes);
        start..end.min(size)
    }

    /// Whether `bytes`, which start with a piece at byte `start` of the file and end with one, are what was hashed.
    pub fn matches(&self, start: u64, bytes: &[u8]) -> bool {
        let Ok(chunk_bytes) = usize::try_from(self.chunk_bytes) else { return false };
        let first = start / self.chunk_bytes;
        start.is_multiple_of(self.chunk_bytes)
            && bytes.chunks(chunk_bytes).zip(first..).all(|(chunk, number)| {
                let hash =
                    usize::try_from(number).ok().and_then(|number| self.hashes.chunks_exact(HASH_LEN).nth(number));
                hash.is_some_and(|hash| Sha256::digest(chunk)[..] == *hash)
            })
    }

    /// One hash after the other.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.hashes
    }

    pub(super) fn from_bytes(chunk_bytes: u64, hashes: Vec<u8>) -> Self {
        Self { chunk_bytes, hashes }
    }

    pub(super) fn check(&self, size: u64) -> Result<(), &'static str> {
        if !self.chunk_bytes.is_power_of_two() || !(MIN_CHUNK_BYTES..=MAX_CHUNK_BYTES).contains(&self.chunk_bytes) {
            return Err("its chunks are not a power of two from 4 KiB to 8 MiB");
        }
        let expected = size.div_ceil(self.chunk_bytes).checked_mul(HASH_LEN as u64);
        if expected != Some(self.hashes.len() as u64) {
            return Err("it has more or fewer hashes than its size needs");
        }
        Ok(())
    }
}
