//! `hash` and `xxhash64`: the hashes by which Spark spreads rows, over values of any type but maps (`HashExpression`).

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, Int64Array};
use datafusion::common::Result as DataFusionResult;

use super::arguments::{Arity, Input};
use super::scalar::{self, Kernel};
use super::{Call, Function};
use crate::error::{Result, SparkError};
use crate::hash::hash_rows;
use crate::hash::murmur3::Murmur3;
use crate::hash::xxhash64::XxHash64;
use crate::resolver::Typed;
use crate::types::SparkType;

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
    let args = call.args.into_iter().map(|arg| arg.expr).collect();
    let output = match algorithm {
        Algorithm::Murmur3 => SparkType::Int,
        Algorithm::XxHash64 => SparkType::Long,
    };
    let expr = scalar::expr("spark_hash", HashKernel { algorithm }, &output, args);
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
}

/// The seed that Spark's functions start from.
const SEED: i32 = 42;

impl Kernel for HashKernel {
    fn run(&self, arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
        Ok(match self.algorithm {
            Algorithm::Murmur3 => Arc::new(Int32Array::from(hash_rows::<Murmur3>(arrays, SEED)?)),
            Algorithm::XxHash64 => Arc::new(Int64Array::from(hash_rows::<XxHash64>(arrays, SEED.into())?)),
        })
    }
}
