//! Numbers in other bases (Spark's `NumberConverter`).

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::Int64Type;
use datafusion::common::Result as DataFusionResult;

use super::text;

/// The values as unsigned numbers in base 2.
pub(super) fn binary_texts(array: &ArrayRef) -> DataFusionResult<ArrayRef> {
    texts(array, binary)
}

/// The values as unsigned numbers in base 16.
pub(super) fn hex_texts(array: &ArrayRef) -> DataFusionResult<ArrayRef> {
    texts(array, hexadecimal)
}

fn texts(array: &ArrayRef, write: fn(u64, &mut [u8; 64]) -> &[u8]) -> DataFusionResult<ArrayRef> {
    let mut digits = [0u8; 64];
    let values = array.as_primitive::<Int64Type>();
    text::rows_of_bytes(std::slice::from_ref(array), |row, out| {
        out.extend_from_slice(write(values.value(row).cast_unsigned(), &mut digits));
        Ok(true)
    })
}

fn binary(value: u64, digits: &mut [u8; 64]) -> &[u8] {
    for (at, digit) in digits.iter_mut().rev().enumerate() {
        *digit = b'0' + (value >> at & 1) as u8;
    }
    digits.get(value.leading_zeros().min(63) as usize..).unwrap_or_default()
}

fn hexadecimal(value: u64, digits: &mut [u8; 64]) -> &[u8] {
    const HEX: [[u8; 2]; 256] = pairs_of_hex_digits(b"0123456789ABCDEF");
    for (pair, byte) in digits.chunks_exact_mut(2).zip(value.to_be_bytes()) {
        pair.copy_from_slice(&HEX[usize::from(byte)]);
    }
    digits.get((value.leading_zeros() / 4).min(15) as usize..16).unwrap_or_default()
}

/// The two digits of each byte.
pub(super) const fn pairs_of_hex_digits(digits: &[u8; 16]) -> [[u8; 2]; 256] {
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    pairs
}

/// Appends the number in the base, which is at most 36.
fn write(out: &mut String, mut value: u64, base: u64) {
    let mut digits = [0u8; 64];
    let mut length = 0;
    for slot in &mut digits {
        let digit = char::from_digit((value % base) as u32, base as u32).unwrap_or('0');
        *slot = digit.to_ascii_uppercase() as u8;
        length += 1;
        value /= base;
        if value == 0 {
            break;
        }
    }
    out.extend(digits.iter().take(length).rev().map(|digit| char::from(*digit)));
}

/// `conv`: the digits that lead `text` from one base to another, through 64 unsigned bits that stay full when they overflow.
///
/// A negative `to` gives a signed result. `None` is NULL: no text, or bases outside of 2 to 36.
pub(super) fn convert(text: &str, from: i32, to: i32, out: &mut String) -> Option<()> {
    let text = text.trim_matches(' ');
    let bases = 2..=36;
    let (signed, base) = (to < 0, to.unsigned_abs());
    let radix = u32::try_from(from).ok().filter(|radix| bases.contains(radix))?;
    if !bases.contains(&base) || text.is_empty() {
        return None;
    }
    let (mut negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let mut value = leading_number(digits, radix).cast_signed();
    if negative && !signed {
        value = if value < 0 { -1 } else { -value };
    }
    if signed && value < 0 {
        value = value.wrapping_neg();
        negative = true;
    }
    out.clear();
    if negative && signed {
        out.push('-');
    }
    write(out, value.cast_unsigned(), base.into());
    Some(())
}

/// The number that the leading digits make, all ones if it has more than 64 bits.
fn leading_number(digits: &str, radix: u32) -> u64 {
    let mut value = 0u64;
    for digit in digits.chars().map_while(|c| c.is_ascii().then(|| c.to_digit(radix)).flatten()) {
        match value.checked_mul(radix.into()).and_then(|v| v.checked_add(digit.into())) {
            Some(next) => value = next,
            None => return u64::MAX,
        }
    }
    value
}
