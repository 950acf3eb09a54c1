//! xxHash for 64 bits; numbers are hashed as their little-endian bytes (Spark's `XXH64`).

use super::Hasher;

/// The algorithm.
pub(crate) struct XxHash64;

impl Hasher for XxHash64 {
    type Hash = i64;

    fn int(value: i32, seed: i64) -> i64 {
        Self::bytes(&value.to_le_bytes(), seed)
    }

    fn long(value: i64, seed: i64) -> i64 {
        Self::bytes(&value.to_le_bytes(), seed)
    }

    fn bytes(value: &[u8], seed: i64) -> i64 {
        twox_hash::XxHash64::oneshot(seed as u64, value) as i64
    }
}
