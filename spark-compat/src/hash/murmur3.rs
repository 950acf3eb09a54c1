//! Spark's `Murmur3_x86_32` over bytes, whose last bytes are mixed in one by one, unlike those of the original.

const C1: u32 = 0xcc9e_2d51;
const C2: u32 = 0x1b87_3593;

fn mix_k1(k1: u32) -> u32 {
    k1.wrapping_mul(C1).rotate_left(15).wrapping_mul(C2)
}

fn mix_h1(h1: u32, k1: u32) -> u32 {
    (h1 ^ k1).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64)
}

/// The last step of Scala's `MurmurHash3`, which leaves out the mixing of the hash itself.
pub(crate) fn mix_last(hash: i32, data: i32) -> i32 {
    (hash as u32 ^ mix_k1(data as u32)) as i32
}

/// The hash of bytes (`hashUnsafeBytes`).
pub(crate) fn hash_bytes(bytes: &[u8], seed: i32) -> i32 {
    let (words, rest) = bytes.as_chunks::<4>();
    let mut h1 = seed as u32;
    for word in words {
        h1 = mix_h1(h1, mix_k1(u32::from_le_bytes(*word)));
    }
    for byte in rest {
        h1 = mix_h1(h1, mix_k1(*byte as i8 as u32));
    }
    finish(h1, bytes.len() as u32)
}

fn finish(h1: u32, length: u32) -> i32 {
    let mut h = h1 ^ length;
    h = (h ^ (h >> 16)).wrapping_mul(0x85eb_ca6b);
    h = (h ^ (h >> 13)).wrapping_mul(0xc2b2_ae35);
    (h ^ (h >> 16)) as i32
}
