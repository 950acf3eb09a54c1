//! Spark 3.2 SQL on DataFusion: lexer, resolver, types, casts, functions and formats, usable by any DataFusion program.

pub mod coercion;
pub mod datetime;
pub mod error;
pub mod parse;
pub mod session;
pub mod types;

pub use error::{ErrorKind, Position, SparkError};
pub use parse::{Statement, parse_script};
pub use session::{Prepared, SparkSchema, SparkSession, SparkSessionOptions};
