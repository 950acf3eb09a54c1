//! Where a stream stands: epoch and sequence number of its next record. Not `Clone`, so that no nonce comes twice.

use crate::{Error, Result};

/// When a stream takes its next key.
#[derive(Clone, Copy, Debug)]
pub(super) struct EpochLimits {
    pub(super) records: u64,
    pub(super) bytes: u64,
}

impl EpochLimits {
    /// Far below what AES-GCM allows for one key (2^32 invocations, 2^64 blocks; NIST SP 800-38D).
    pub(super) const PROTOCOL: Self = Self { records: 1 << 20, bytes: 64 << 30 };
}

/// Counts records over the whole stream and, for the epoch's limits, records and payload bytes within it.
#[derive(Debug)]
pub(super) struct Position {
    limits: EpochLimits,
    pub(super) epoch: u32,
    pub(super) seq: u64,
    records_in_epoch: u64,
    bytes_in_epoch: u64,
    exhausted: bool,
}

impl Position {
    pub(super) fn start(limits: EpochLimits) -> Self {
        Self { limits, epoch: 0, seq: 0, records_in_epoch: 0, bytes_in_epoch: 0, exhausted: false }
    }

    #[cfg(test)]
    pub(super) fn at(limits: EpochLimits, epoch: u32, seq: u64) -> Self {
        Self { epoch, seq, ..Self::start(limits) }
    }

    /// An error once a counter has run out; to be asked before every record.
    pub(super) fn check(&self) -> Result<()> {
        if self.exhausted { Err(Error::Exhausted) } else { Ok(()) }
    }

    /// Counts a record of `payload` bytes. True if the next record takes the key of the next epoch.
    pub(super) fn advance(&mut self, payload: usize) -> bool {
        self.records_in_epoch = self.records_in_epoch.saturating_add(1);
        self.bytes_in_epoch = self.bytes_in_epoch.saturating_add(payload as u64);
        match self.seq.checked_add(1) {
            Some(next) => self.seq = next,
            None => self.exhausted = true,
        }
        if self.records_in_epoch < self.limits.records && self.bytes_in_epoch < self.limits.bytes {
            return false;
        }
        match self.epoch.checked_add(1) {
            Some(next) => self.epoch = next,
            None => self.exhausted = true,
        }
        (self.records_in_epoch, self.bytes_in_epoch) = (0, 0);
        !self.exhausted
    }
}
