//! The two ciphers of the format: AES-GCM for whatever must not be altered, AES-CTR for the pages of
//! `AES_GCM_CTR_V1`.
//!
//! `ring` does GCM because it is the fastest here; it has no AES-192 and no bare CTR, which RustCrypto has.

use std::fmt;

use aes::{Aes128, Aes192, Aes256};
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::{AeadInOut, AesGcm, KeyInit};
use ctr::Ctr32BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

/// Bytes of a nonce.
pub(crate) const NONCE_LEN: usize = 12;
/// Bytes of GCM's tag.
pub(crate) const TAG_LEN: usize = 16;

/// Something was encrypted under another key or for another place, or was altered: which, a cipher can't tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotAuthentic;

type Aes192Gcm = AesGcm<Aes192, U12>;

/// AES-GCM with one key.
pub(crate) enum Gcm {
    Ring(Box<LessSafeKey>),
    Aes192(Box<Aes192Gcm>),
}

impl Gcm {
    /// A cipher for a key of 16, 24 or 32 bytes, nothing for another length.
    pub(crate) fn new(key: &[u8]) -> Option<Self> {
        let algorithm = match key.len() {
            16 => &AES_128_GCM,
            24 => return Aes192Gcm::new_from_slice(key).ok().map(|cipher| Gcm::Aes192(Box::new(cipher))),
            32 => &AES_256_GCM,
            _ => return None,
        };
        UnboundKey::new(algorithm, key).ok().map(|key| Gcm::Ring(Box::new(LessSafeKey::new(key))))
    }

    /// Opens `sealed` (ciphertext and tag) where it is: the plaintext is then at its front. What is there if it is not
    /// authentic is of no use.
    pub(crate) fn open_in_place(
        &self,
        nonce: [u8; NONCE_LEN],
        aad: &[u8],
        sealed: &mut [u8],
    ) -> Result<(), NotAuthentic> {
        match self {
            Gcm::Ring(key) => key
                .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(aad), sealed)
                .map(drop)
                .map_err(|_| NotAuthentic),
            Gcm::Aes192(cipher) => match sealed.split_last_chunk_mut::<TAG_LEN>() {
                Some((text, tag)) => cipher
                    .decrypt_inout_detached(&nonce.into(), aad, InOutBuf::from(text), &(*tag).into())
                    .map_err(|_| NotAuthentic),
                None => Err(NotAuthentic),
            },
        }
    }

    /// The plaintext of `sealed` (ciphertext and tag).
    pub(crate) fn open(&self, nonce: [u8; NONCE_LEN], aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, NotAuthentic> {
        let length = sealed.len().checked_sub(TAG_LEN).ok_or(NotAuthentic)?;
        let mut out = sealed.to_vec();
        self.open_in_place(nonce, aad, &mut out)?;
        out.truncate(length);
        Ok(out)
    }

    /// Ciphertext and tag of `plaintext`. No nonce may be used twice with a key.
    pub(crate) fn seal(&self, nonce: [u8; NONCE_LEN], aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, NotAuthentic> {
        let mut sealed = Vec::with_capacity(plaintext.len() + TAG_LEN);
        sealed.extend_from_slice(plaintext);
        let tag: [u8; TAG_LEN] = match self {
            Gcm::Ring(key) => {
                let nonce = Nonce::assume_unique_for_key(nonce);
                let tag = key.seal_in_place_separate_tag(nonce, Aad::from(aad), &mut sealed);
                tag.ok().and_then(|tag| tag.as_ref().try_into().ok()).ok_or(NotAuthentic)?
            }
            Gcm::Aes192(cipher) => cipher
                .encrypt_inout_detached(&nonce.into(), aad, InOutBuf::from(&mut sealed[..]))
                .map_err(|_| NotAuthentic)?
                .into(),
        };
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    }
}

impl fmt::Debug for Gcm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gcm")
    }
}

/// AES-CTR with one key, which hides and does not protect against being altered.
pub(crate) enum Ctr {
    Bits128(Zeroizing<[u8; 16]>),
    Bits192(Zeroizing<[u8; 24]>),
    Bits256(Zeroizing<[u8; 32]>),
}

impl Ctr {
    /// A cipher for a key of 16, 24 or 32 bytes, nothing for another length.
    pub(crate) fn new(key: &[u8]) -> Option<Self> {
        match key.len() {
            16 => key.try_into().ok().map(|key| Ctr::Bits128(Zeroizing::new(key))),
            24 => key.try_into().ok().map(|key| Ctr::Bits192(Zeroizing::new(key))),
            32 => key.try_into().ok().map(|key| Ctr::Bits256(Zeroizing::new(key))),
            _ => None,
        }
    }

    /// Opens `text` where it is. The counter behind the nonce starts at 1, as the format says.
    pub(crate) fn open_in_place(&self, nonce: [u8; NONCE_LEN], text: &mut [u8]) {
        let mut block = [0; 16];
        block[..NONCE_LEN].copy_from_slice(&nonce);
        block[15] = 1;
        let block = block.into();
        match self {
            Ctr::Bits128(key) => Ctr32BE::<Aes128>::new(&(**key).into(), &block).apply_keystream(text),
            Ctr::Bits192(key) => Ctr32BE::<Aes192>::new(&(**key).into(), &block).apply_keystream(text),
            Ctr::Bits256(key) => Ctr32BE::<Aes256>::new(&(**key).into(), &block).apply_keystream(text),
        }
    }
}

impl fmt::Debug for Ctr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ctr")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: [u8; NONCE_LEN] = *b"twelve bytes";

    #[test]
    fn what_was_sealed_opens_with_its_key_nonce_and_context_only() {
        for length in [16, 24, 32] {
            let gcm = Gcm::new(&vec![3; length]).unwrap();
            let sealed = gcm.seal(NONCE, b"place", b"text").unwrap();
            assert_eq!(gcm.open(NONCE, b"place", &sealed).unwrap(), b"text");
            assert_eq!(gcm.open(NONCE, b"elsewhere", &sealed), Err(NotAuthentic));
            assert_eq!(gcm.open(*b"twelve bytez", b"place", &sealed), Err(NotAuthentic));
            assert_eq!(Gcm::new(&vec![4; length]).unwrap().open(NONCE, b"place", &sealed), Err(NotAuthentic));
            for cut in 0..sealed.len() {
                assert_eq!(gcm.open(NONCE, b"place", &sealed[..cut]), Err(NotAuthentic));
                assert_eq!(gcm.open_in_place(NONCE, b"place", &mut sealed[..cut].to_vec()), Err(NotAuthentic));
            }
        }
    }

    #[test]
    fn keys_of_other_lengths_make_no_cipher() {
        for length in [0, 15, 17, 31, 33] {
            assert!(Gcm::new(&vec![0; length]).is_none() && Ctr::new(&vec![0; length]).is_none());
        }
    }

    /// GCM encrypts by CTR, with the counter from 2: the first block of its ciphertext is CTR's second.
    #[test]
    fn ctr_counts_from_one() {
        for length in [16, 24, 32] {
            let key = vec![5; length];
            let by_gcm = Gcm::new(&key).unwrap().seal(NONCE, b"", &[0; 16]).unwrap();
            let mut by_ctr = [0; 32];
            Ctr::new(&key).unwrap().open_in_place(NONCE, &mut by_ctr);
            assert_eq!(by_ctr[16..32], by_gcm[..16]);
        }
    }
}
