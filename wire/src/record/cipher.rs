//! Sealing and opening the records of one stream, in place.

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Nonce, Tag};

use super::padding::{content_len, pad};
use super::position::{EpochLimits, Position};
use super::schedule::{EpochKeys, IV_LEN, StreamKeys};
use crate::frame::{FrameHeader, FrameType, TAG_LEN};
use crate::{Error, Result};

/// Seals records in order. There must be one sealer for a stream's keys, ever: a second one would repeat nonces.
pub(crate) struct Sealer {
    keys: StreamKeys,
    current: EpochKeys,
    position: Position,
}

/// Opens records in order. After one failure it opens nothing more.
pub(crate) struct Opener {
    keys: StreamKeys,
    current: EpochKeys,
    position: Position,
    failed: bool,
}

impl Sealer {
    pub(crate) fn new(keys: StreamKeys) -> Self {
        Self::with_position(keys, Position::start(EpochLimits::PROTOCOL))
    }

    pub(super) fn with_position(keys: StreamKeys, position: Position) -> Self {
        let current = keys.epoch(position.epoch);
        Self { keys, current, position }
    }

    /// Turns content into the sealed payload that belongs behind the header it gives.
    pub(crate) fn seal(&mut self, kind: FrameType, last: bool, content: &mut Vec<u8>) -> Result<FrameHeader> {
        self.position.check()?;
        pad(content)?;
        let header = FrameHeader {
            kind,
            last,
            session: self.keys.session,
            stream: self.keys.stream,
            epoch: self.position.epoch,
            seq: self.position.seq,
            len: (content.len() + TAG_LEN) as u32,
        };
        let nonce = nonce(&self.current, header.seq);
        let tag = self
            .current
            .cipher
            .encrypt_inout_detached(&nonce, &header.to_bytes(), content.as_mut_slice().into())
            .map_err(|_| Error::Exhausted)?;
        content.extend_from_slice(&tag);
        if self.position.advance(content.len()) {
            self.current = self.keys.epoch(self.position.epoch);
        }
        Ok(header)
    }
}

impl Opener {
    pub(crate) fn new(keys: StreamKeys) -> Self {
        Self::with_position(keys, Position::start(EpochLimits::PROTOCOL))
    }

    pub(super) fn with_position(keys: StreamKeys, position: Position) -> Self {
        let current = keys.epoch(position.epoch);
        Self { keys, current, position, failed: false }
    }

    /// Turns a sealed payload into its content.
    pub(crate) fn open(&mut self, header: &FrameHeader, payload: &mut Vec<u8>) -> Result<()> {
        if self.failed {
            return Err(Error::Unsealing);
        }
        let opened = self.open_next(header, payload);
        self.failed = opened.is_err();
        opened
    }

    fn open_next(&mut self, header: &FrameHeader, payload: &mut Vec<u8>) -> Result<()> {
        self.position.check()?;
        let expected = (self.keys.session, self.keys.stream, self.position.epoch, self.position.seq);
        if (header.session, header.stream, header.epoch, header.seq) != expected || header.len as usize != payload.len()
        {
            return Err(Error::Unsealing);
        }
        let sealed_len = payload.len();
        let (sealed, tag) = payload.split_last_chunk_mut::<TAG_LEN>().ok_or(Error::Unsealing)?;
        let nonce = nonce(&self.current, header.seq);
        self.current
            .cipher
            .decrypt_inout_detached(&nonce, &header.to_bytes(), sealed.into(), &Tag::from(*tag))
            .map_err(|_| Error::Unsealing)?;
        payload.truncate(sealed_len - TAG_LEN);
        payload.truncate(content_len(payload)?);
        if self.position.advance(sealed_len) {
            self.current = self.keys.epoch(self.position.epoch);
        }
        Ok(())
    }
}

/// IV XOR sequence number, right-aligned, as in TLS 1.3 (RFC 8446, section 5.3).
fn nonce(keys: &EpochKeys, seq: u64) -> Nonce<aes_gcm::aead::consts::U12> {
    let mut nonce: [u8; IV_LEN] = *keys.iv;
    for (byte, counter) in nonce[IV_LEN - 8..].iter_mut().zip(seq.to_be_bytes()) {
        *byte ^= counter;
    }
    nonce.into()
}
