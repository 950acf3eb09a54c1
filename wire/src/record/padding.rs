//! Padding inside the ciphertext, so that lengths tell little.
//!
//! Plaintext is `content || zeros || content_len u32`, its whole length being Padmé of `content_len + 4` and at
//! least 4 KiB. Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with
//! PURBs", PoPETS 2019, section 4.2) leaks O(log log n) bits of a length and costs at most 12%.
//! The length stands at the end so that content begins at the start of the buffer, where Arrow needs it aligned.

use crate::frame::{MAX_RECORD_PLAINTEXT, TAG_LEN};
use crate::{Error, Result};

const MIN_PADDED: usize = 4 << 10;
const TRAILER: usize = 4;

/// The most content that fits into one record.
pub(crate) const MAX_CONTENT: usize = MAX_RECORD_PLAINTEXT - TRAILER;

/// The capacity in which content of this length is padded and sealed without being moved.
pub(crate) fn padded_capacity(content_len: usize) -> usize {
    padded_len(content_len + TRAILER) + TAG_LEN
}

/// Padmé: rounds up so that only the first `log2(log2(len)) + 1` bits of the length's mantissa stay.
fn padded_len(len: usize) -> usize {
    let len = len.max(MIN_PADDED);
    let exponent = len.ilog2();
    let zero_bits = exponent - (exponent.ilog2() + 1);
    let mask = (1 << zero_bits) - 1;
    (len + mask) & !mask
}

/// Turns content into padded plaintext, with room for the tag behind it. A caller whose content is secret sizes its
/// buffer with [`padded_capacity`], so that it is not moved.
pub(crate) fn pad(content: &mut Vec<u8>) -> Result<()> {
    let len = content.len();
    if len > MAX_CONTENT {
        return Err(Error::RowTooLarge(len));
    }
    let padded = padded_len(len + TRAILER);
    content.reserve_exact(padded - len + TAG_LEN);
    content.resize(padded - TRAILER, 0);
    content.extend_from_slice(&(len as u32).to_be_bytes());
    Ok(())
}

/// The length of the content of padded plaintext. Everything but the one correct padding of it is an error.
pub(crate) fn content_len(plaintext: &[u8]) -> Result<usize> {
    let malformed = Error::Malformed("a record is not padded as it should be");
    let Some((rest, len)) = plaintext.split_last_chunk::<TRAILER>() else { return Err(malformed) };
    let len = u32::from_be_bytes(*len) as usize;
    let Some(padding) = rest.get(len..) else { return Err(malformed) };
    if plaintext.len() != padded_len(len + TRAILER) || padding.iter().any(|&byte| byte != 0) {
        return Err(malformed);
    }
    Ok(len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_random::TestRandom;

    #[test]
    fn padding_is_at_least_four_kibibytes_and_costs_at_most_an_eighth() {
        assert_eq!(padded_len(1), 4096);
        assert_eq!(padded_len(4097), 4352);
        assert_eq!(padded_len(1_000_000), 1_015_808);
        assert_eq!(padded_len(MAX_RECORD_PLAINTEXT), MAX_RECORD_PLAINTEXT);
        let mut random = TestRandom::new(2);
        for _ in 0..10_000 {
            let len = MIN_PADDED + random.below(MAX_RECORD_PLAINTEXT - MIN_PADDED);
            let padded = padded_len(len);
            assert!(padded >= len && (padded - len) * 8 <= len, "{len} {padded}");
            assert_eq!(padded_len(padded), padded);
        }
    }

    #[test]
    fn content_of_every_length_comes_back() {
        for len in (0..5000).step_by(7).chain([4091, 4092, 4093, 1 << 20, MAX_CONTENT]) {
            let mut bytes = vec![9; len];
            pad(&mut bytes).unwrap();
            assert!(bytes.len() <= MAX_RECORD_PLAINTEXT);
            assert_eq!(content_len(&bytes).unwrap(), len);
        }
    }

    #[test]
    fn content_that_does_not_fit_is_refused() {
        assert!(matches!(pad(&mut vec![0; MAX_CONTENT + 1]), Err(Error::RowTooLarge(_))));
    }

    #[test]
    fn wrong_padding_is_refused() {
        let mut padded = vec![9; 100];
        pad(&mut padded).unwrap();
        let refused = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = padded.clone();
            change(&mut bytes);
            assert!(content_len(&bytes).is_err());
        };
        refused(&|bytes| bytes[100] = 1);
        refused(&|bytes| bytes[4095] = 99);
        refused(&|bytes| bytes[4092] = 0xff);
        refused(&|bytes| bytes.truncate(3));
        refused(&|bytes| bytes.insert(100, 0));
        refused(&|bytes| bytes.clear());
    }
}
