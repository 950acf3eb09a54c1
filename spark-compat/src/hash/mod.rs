//! Hash functions as Spark and the JVM compute them, where their values or the order that follows from them can be seen.

pub(crate) mod java;
pub(crate) mod murmur3;
pub(crate) mod xxhash64;
