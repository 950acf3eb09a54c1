//! JSON texts as Spark's functions read and write them: with Jackson's grammar, its leniencies and its spelling of values.

pub(crate) mod columns;
pub(crate) mod generate;
pub(crate) mod infer;
pub(crate) mod options;
pub(crate) mod path;
pub(crate) mod read;
pub(crate) mod times;
pub(crate) mod token;
pub(crate) mod write;
