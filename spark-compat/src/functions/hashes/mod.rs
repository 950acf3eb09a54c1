//! `hash` and `xxhash64`: the hashes by which Spark spreads rows, over values of any type but maps (`HashExpression`).
//!
//! The hash of several values is a chain: the hash of each is the seed of the next, the first seed is 42, and NULL leaves the
//! seed as it is. Arrays and structs chain their members the same way.

mod murmur3;
mod values;
mod xxhash64;

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, Int64Array};
use datafusion::common::Result as DataFusionResult;

use super::arguments::{Arity, Input};
use super::scalar::{self, Kernel};
use super::{Call, Function};
use crate::error::{Result, SparkError};
use crate::resolver::Typed;
use crate::types::SparkType;

pub(super) use murmur3::standard as murmur3_standard;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::scalar("hash", Arity::AtLeast(1), &[Input::Any], |call| lower(call, Algorithm::Murmur3)),
    Function::scalar("xxhash64", Arity::AtLeast(1), &[Input::Any], |call| lower(call, Algorithm::XxHash64)),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Algorithm {
    Murmur3,
    XxHash64,
}

fn lower(call: Call<'_>, algorithm: Algorithm) -> Result<Typed> {
    let name = call.name();
    if call.args.iter().any(|arg| has_map(&arg.data_type)) {
        return Err(SparkError::analysis(format!(
            "cannot resolve '{name}' due to data type mismatch: input to function {} cannot contain elements of MapType. In \
             Spark, same maps may have different hashcode, thus hash expressions are prohibited on MapType elements. To \
             restore previous behavior set spark.sql.legacy.allowHashOnMapType to true.",
            call.called
        )));
    }
    let (types, args) = call.args.into_iter().map(|arg| (arg.data_type, arg.expr)).unzip();
    let output = match algorithm {
        Algorithm::Murmur3 => SparkType::Int,
        Algorithm::XxHash64 => SparkType::Long,
    };
    let expr = scalar::expr("spark_hash", HashKernel { algorithm, types }, &output, args);
    Ok(Typed::new(expr, output, false, name))
}

fn has_map(data_type: &SparkType) -> bool {
    match data_type {
        SparkType::Map { .. } => true,
        SparkType::Array { element, .. } => has_map(element),
        SparkType::Struct(fields) => fields.iter().any(|field| has_map(&field.data_type)),
        _ => false,
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct HashKernel {
    algorithm: Algorithm,
    types: Vec<SparkType>,
}

/// The seed that Spark's functions start from.
const SEED: i32 = 42;

impl Kernel for HashKernel {
    fn run(&self, arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
        Ok(match self.algorithm {
            Algorithm::Murmur3 => Arc::new(Int32Array::from(self.hashes::<murmur3::Murmur3>(arrays, SEED)?)),
            Algorithm::XxHash64 => Arc::new(Int64Array::from(self.hashes::<xxhash64::XxHash64>(arrays, SEED.into())?)),
        })
    }
}

impl HashKernel {
    fn hashes<H: Hasher>(&self, arrays: &[ArrayRef], seed: H::Hash) -> DataFusionResult<Vec<H::Hash>> {
        let rows = arrays.first().map_or(0, |array| array.len());
        let mut hashes = vec![seed; rows];
        for (array, data_type) in arrays.iter().zip(&self.types) {
            let chain = values::chain::<H>(array, data_type)?;
            for (row, hash) in hashes.iter_mut().enumerate() {
                *hash = chain(row, *hash);
            }
        }
        Ok(hashes)
    }
}

/// A hash of primitive values from a seed.
trait Hasher: 'static {
    type Hash: Copy + 'static;
    fn int(value: i32, seed: Self::Hash) -> Self::Hash;
    fn long(value: i64, seed: Self::Hash) -> Self::Hash;
    fn bytes(value: &[u8], seed: Self::Hash) -> Self::Hash;
}
