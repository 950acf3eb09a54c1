//! Spark 3.2 SQL on DataFusion: lexer, resolver, types, casts, functions and formats, usable by any DataFusion program.

pub mod error;
pub mod parse;
pub mod types;

pub use error::{ErrorKind, Position, SparkError};
