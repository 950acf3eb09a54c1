//! MurmurHash3 for 32 bits, with Spark's own treatment of the last bytes (`Murmur3_x86_32`).

use super::Hasher;

/// The algorithm.
pub(crate) struct Murmur3;

impl Hasher for Murmur3 {
    type Hash = i32;

    fn int(value: i32, seed: i32) -> i32 {
        finish(mix(seed as u32, value as u32), 4)
    }

    fn long(value: i64, seed: i32) -> i32 {
        let low = mix(seed as u32, value as u32);
        finish(mix(low, (value >> 32) as u32), 8)
    }

    /// Each byte behind the last four is mixed in as a word of its own (`hashUnsafeBytes`).
    fn bytes(value: &[u8], seed: i32) -> i32 {
        let (words, rest) = value.as_chunks::<4>();
        let hash = words.iter().fold(seed as u32, |hash, word| mix(hash, u32::from_le_bytes(*word)));
        let hash = rest.iter().fold(hash, |hash, byte| mix(hash, *byte as i8 as u32));
        finish(hash, value.len() as u32)
    }
}

/// The algorithm without Spark's deviation, as Scala's `MurmurHash3.bytesHash` has it, for a length that is a multiple of four.
pub(crate) fn standard(words: &[[u8; 4]], seed: i32) -> i32 {
    let hash = words.iter().fold(seed as u32, |hash, word| mix(hash, u32::from_le_bytes(*word)));
    finish(hash, words.len() as u32 * 4)
}

/// The last step of Scala's `MurmurHash3`, which leaves out the mixing of the hash itself.
pub(crate) fn mix_last(hash: i32, data: i32) -> i32 {
    (hash as u32 ^ scrambled(data as u32)) as i32
}

fn scrambled(word: u32) -> u32 {
    word.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593)
}

fn mix(hash: u32, word: u32) -> u32 {
    (hash ^ scrambled(word)).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64)
}

fn finish(hash: u32, length: u32) -> i32 {
    let hash = hash ^ length;
    let hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    let hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    (hash ^ (hash >> 16)) as i32
}
