//! The hashes by which Spark spreads rows and counts distinct values (`HashExpression`), and those of Java and Scala.
//!
//! The hash of several values is a chain: the hash of each is the seed of the next, and NULL leaves the seed as it is. Arrays,
//! maps and structs chain their members the same way.

pub(crate) mod java;
pub(crate) mod murmur3;
mod values;
pub(crate) mod xxhash64;

use arrow::array::ArrayRef;
use datafusion::common::Result as DataFusionResult;

/// A hash of primitive values from a seed.
pub(crate) trait Hasher: 'static {
    /// The hash, which is also the seed.
    type Hash: Copy + 'static;
    /// The hash of 32 bits.
    fn int(value: i32, seed: Self::Hash) -> Self::Hash;
    /// The hash of 64 bits.
    fn long(value: i64, seed: Self::Hash) -> Self::Hash;
    /// The hash of bytes.
    fn bytes(value: &[u8], seed: Self::Hash) -> Self::Hash;
}

/// The hash of each row of `arrays`, which have one length.
pub(crate) fn hash_rows<H: Hasher>(arrays: &[ArrayRef], seed: H::Hash) -> DataFusionResult<Vec<H::Hash>> {
    let rows = arrays.first().map_or(0, |array| array.len());
    let mut hashes = vec![seed; rows];
    for array in arrays {
        let chain = values::chain::<H>(array)?;
        for (row, hash) in hashes.iter_mut().enumerate() {
            *hash = chain(row, *hash);
        }
    }
    Ok(hashes)
}
