//! Digests of binaries: `md5`, `sha1`, `sha2`, `crc32`.

use std::sync::Arc;

use arrow::array::types::Int32Type;
use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringViewBuilder};
use datafusion::common::Result as DataFusionResult;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use super::arguments::{Arity, Input};
use super::scalar::{arguments, lower, lower_nullable};
use super::{Function, radix};
use crate::types::SparkType;

const BINARY: &[Input] = &[Input::Binary];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::scalar("md5", Arity::Exactly(1), BINARY, |call| {
        let name = call.called;
        lower(call, name, "spark_md5", SparkType::String, hex_digests::<Md5>)
    }),
    Function::scalar("sha1", Arity::Exactly(1), BINARY, |call| {
        let name = call.called;
        lower(call, name, "spark_sha1", SparkType::String, hex_digests::<Sha1>)
    })
    .with_aliases(&["sha"]),
    Function::scalar("sha2", Arity::Exactly(2), &[Input::Binary, Input::Int], |call| {
        lower_nullable(call, "sha2", "spark_sha2", SparkType::String, sha2)
    }),
    Function::scalar("crc32", Arity::Exactly(1), BINARY, |call| {
        lower(call, "crc32", "spark_crc32", SparkType::Long, crc32)
    }),
];

fn hex_digests<D: Digest>(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [values] = arguments::<1>(arrays)?;
    let mut out = StringViewBuilder::with_capacity(values.len());
    for value in values.as_binary_view() {
        match value {
            Some(bytes) => append_digest::<D>(&mut out, bytes),
            None => out.append_null(),
        }
    }
    Ok(Arc::new(out.finish()))
}

/// Appends the digest as hexadecimal digits.
fn append_digest<D: Digest>(out: &mut StringViewBuilder, bytes: &[u8]) {
    // Room for the longest digest, that of SHA-512.
    let mut text = [0u8; 128];
    let digest = D::digest(bytes);
    for (place, byte) in text.chunks_exact_mut(2).zip(digest.iter()) {
        place.copy_from_slice(&HEX[usize::from(*byte)]);
    }
    out.append_value(std::str::from_utf8(text.get(..2 * digest.len()).unwrap_or_default()).unwrap_or_default());
}

/// The two hexadecimal digits of each byte.
const HEX: [[u8; 2]; 256] = radix::pairs_of_hex_digits(b"0123456789abcdef");

/// NULL for lengths that SHA-2 does not have; 0 means 256.
fn sha2(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [values, lengths] = arguments::<2>(arrays)?;
    let mut out = StringViewBuilder::with_capacity(values.len());
    for (value, length) in values.as_binary_view().iter().zip(lengths.as_primitive::<Int32Type>()) {
        let (Some(bytes), Some(length)) = (value, length) else {
            out.append_null();
            continue;
        };
        match length {
            224 => append_digest::<Sha224>(&mut out, bytes),
            0 | 256 => append_digest::<Sha256>(&mut out, bytes),
            384 => append_digest::<Sha384>(&mut out, bytes),
            512 => append_digest::<Sha512>(&mut out, bytes),
            _ => out.append_null(),
        }
    }
    Ok(Arc::new(out.finish()))
}

fn crc32(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [values] = arguments::<1>(arrays)?;
    let sums = values.as_binary_view().iter().map(|value| value.map(|bytes| i64::from(crc32_of(bytes))));
    Ok(Arc::new(sums.collect::<Int64Array>()))
}

/// The checksum of `java.util.zip.CRC32`.
fn crc32_of(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| CRC_TABLE[usize::from((crc as u8) ^ byte)] ^ (crc >> 8);
    !bytes.iter().fold(u32::MAX, step)
}

const CRC_TABLE: [u32; 256] = {
    let mut table = [0u32; 256];
    let mut at = 0;
    while at < 256 {
        let mut crc = at as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
            bit += 1;
        }
        table[at] = crc;
        at += 1;
    }
    table
};
