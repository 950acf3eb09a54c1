//! Numbers in other bases (Spark's `NumberConverter`).

use arrow::array::{ArrayRef, Int64Array, StringViewBuilder};
use datafusion::common::Result as DataFusionResult;

use crate::kernel;

/// The values as unsigned numbers of the base.
pub(super) fn texts(array: &Int64Array, base: u64) -> DataFusionResult<ArrayRef> {
    let mut out = StringViewBuilder::with_capacity(array.len());
    let mut buffer = String::new();
    for value in array {
        match value {
            Some(value) => {
                buffer.clear();
                write(&mut buffer, value.cast_unsigned(), base);
                out.append_value(&buffer);
            }
            None => out.append_null(),
        }
    }
    kernel::shared(out.finish())
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
