//! The key schedule: direction secret, stream secret, epoch key.
//!
//! The steps are separate so that the secret of one stream can be stored with its sealed result (and the direction
//! secret, which opens all streams of a session, can not).

use aes_gcm::{Aes256Gcm, KeyInit};
use hkdf::Hkdf;
use sha2::Sha384;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::frame::SessionId;

/// Bytes of every secret of the schedule: the output of SHA-384.
pub(crate) const SECRET_LEN: usize = 48;
/// Bytes of what a stream is bound to: a SHA-384 value.
pub(crate) const BINDING_LEN: usize = 48;
/// Bytes of an IV, and of a nonce.
pub(super) const IV_LEN: usize = 12;

const KEY_LEN: usize = 32;
const STREAM_LABEL: &[u8] = b"casemate v1 stream";
const EPOCH_LABEL: &[u8] = b"casemate v1 epoch";

/// The secret of one direction of a session, exported from HPKE.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct DirectionSecret(pub(crate) [u8; SECRET_LEN]);

impl DirectionSecret {
    /// The keys of one stream. `binding` is the hash of what the stream answers, so that its records fit nothing else.
    pub(crate) fn stream(&self, session: SessionId, stream: u64, binding: &[u8; BINDING_LEN]) -> StreamKeys {
        let mut keys = StreamKeys { session, stream, secret: [0; SECRET_LEN] };
        expand(&self.0, &[STREAM_LABEL, &stream.to_be_bytes(), binding], &mut keys.secret);
        keys
    }
}

/// The secret of one stream, and where it belongs.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct StreamKeys {
    #[zeroize(skip)]
    pub(crate) session: SessionId,
    pub(crate) stream: u64,
    pub(crate) secret: [u8; SECRET_LEN],
}

/// The cipher and the IV of one epoch.
pub(super) struct EpochKeys {
    pub(super) cipher: Aes256Gcm,
    pub(super) iv: Zeroizing<[u8; IV_LEN]>,
}

impl StreamKeys {
    pub(super) fn epoch(&self, epoch: u32) -> EpochKeys {
        let mut okm = Zeroizing::new([0; KEY_LEN + IV_LEN]);
        expand(&self.secret, &[EPOCH_LABEL, &epoch.to_be_bytes()], &mut okm[..]);
        let (mut key, mut iv) = (Zeroizing::new([0; KEY_LEN]), Zeroizing::new([0; IV_LEN]));
        key.copy_from_slice(&okm[..KEY_LEN]);
        iv.copy_from_slice(&okm[KEY_LEN..]);
        EpochKeys { cipher: Aes256Gcm::new((&*key).into()), iv }
    }
}

/// HKDF-Expand (RFC 5869) with SHA-384.
fn expand(secret: &[u8; SECRET_LEN], info: &[&[u8]], out: &mut [u8]) {
    let hkdf = Hkdf::<Sha384>::from_prk(secret).expect("the secret is as long as the hash, by its type");
    hkdf.expand_multi_info(info, out).expect("outputs here have 48 and 44 bytes; 255 hashes are allowed");
}
