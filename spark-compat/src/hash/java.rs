//! `hashCode` of the JVM's objects that Spark keeps in sets.

use super::Hasher;
use super::murmur3::{self, Murmur3};

/// `Long.hashCode`
pub(crate) fn of_long(value: i64) -> i32 {
    (value ^ ((value as u64) >> 32) as i64) as i32
}

/// `Double.hashCode`
pub(crate) fn of_double(value: f64) -> i32 {
    of_long(if value.is_nan() { f64::NAN } else { value }.to_bits() as i64)
}

/// `Float.hashCode`
pub(crate) fn of_float(value: f32) -> i32 {
    if value.is_nan() { f32::NAN } else { value }.to_bits() as i32
}

/// `Boolean.hashCode`
pub(crate) fn of_boolean(value: bool) -> i32 {
    if value { 1231 } else { 1237 }
}

/// `UTF8String.hashCode`
pub(crate) fn of_string(bytes: &[u8]) -> i32 {
    Murmur3::bytes(bytes, 42)
}

/// The hash of the `UnsafeArrayData` in which `collect_set` keeps a binary: the length, bits for NULLs, the bytes, each in whole
/// words.
pub(crate) fn of_binary(bytes: &[u8]) -> i32 {
    let nulls = bytes.len().div_ceil(64) * 8;
    let mut buffer = (bytes.len() as u64).to_le_bytes().to_vec();
    buffer.resize(8 + nulls, 0);
    buffer.extend_from_slice(bytes);
    buffer.resize(8 + nulls + bytes.len().next_multiple_of(8), 0);
    Murmur3::bytes(&buffer, 42)
}

/// The hash of a Spark `Decimal`, which is that of Scala's `BigDecimal`: whole numbers hash as integers, those that a double
/// has exactly as doubles.
pub(crate) fn of_decimal(unscaled: i128, scale: u8) -> i32 {
    let (mut digits, mut scale) = (unscaled, i32::from(scale));
    while digits != 0 && digits % 10 == 0 && scale > 0 {
        digits /= 10;
        scale -= 1;
    }
    if scale == 0 || digits == 0 {
        return of_big_int(digits);
    }
    match as_double(digits, scale) {
        Some(double) => scala_double(double),
        None => murmur3::mix_last(of_big_integer(digits), scale),
    }
}

/// The double whose shortest decimal is this number.
fn as_double(digits: i128, scale: i32) -> Option<f64> {
    let double: f64 = format!("{digits}e-{scale}").parse().ok()?;
    let text = format!("{double:e}");
    let (mantissa, exponent) = text.split_once('e')?;
    let shortest = mantissa.replace(['.', '-'], "");
    let exponent: i32 = exponent.parse().ok()?;
    let written = digits.unsigned_abs().to_string();
    (written == shortest && exponent + 1 == written.len() as i32 - scale).then_some(double)
}

/// `##` of a double: numbers of all types that are equal hash alike.
fn scala_double(value: f64) -> i32 {
    if f64::from(value as i32) == value {
        value as i32
    } else if (value as i64) as f64 == value {
        of_long(value as i64)
    } else if f64::from(value as f32) == value {
        of_float(value as f32)
    } else {
        of_double(value)
    }
}

/// `BigInt.hashCode`
fn of_big_int(value: i128) -> i32 {
    match (i32::try_from(value), i64::try_from(value)) {
        (Ok(int), _) => int,
        (_, Ok(long)) => of_long(long),
        _ => of_big_integer(value),
    }
}

/// `BigInteger.hashCode`
fn of_big_integer(value: i128) -> i32 {
    let size = value.unsigned_abs();
    let words = (0..4).rev().map(|at| (size >> (32 * at)) as u32);
    let hash = words.skip_while(|word| *word == 0).fold(0u32, |hash, word| hash.wrapping_mul(31).wrapping_add(word));
    (hash as i32).wrapping_mul(value.signum() as i32)
}
