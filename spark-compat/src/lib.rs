//! Spark 3.2 SQL on DataFusion: lexer, resolver, types, casts, functions and formats, usable by any DataFusion program.

pub mod aggregates;
pub mod arithmetic;
pub mod cast;
pub mod coercion;
pub mod comparison;
pub mod datetime;
pub mod error;
mod formats;
pub mod functions;
mod hash;
mod java_regex;
mod json;
mod kernel;
pub mod parse;
mod resolver;
pub mod session;
#[cfg(test)]
mod test_support;
pub mod types;
mod xpath;

pub use error::{ErrorKind, Position, SparkError};
pub use parse::{Statement, parse_script};
pub use session::{Prepared, SparkSchema, SparkSession, SparkSessionOptions};
