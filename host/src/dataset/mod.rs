//! Datasets on the side of whoever owns them: sealed (encrypted Parquet from CSV, JSON or plain Parquet), signed, shown and verified.
//!
//! `source` reads what is to be sealed and `columns` gives it Spark's types; `seal` writes it. `folder` finds the files of a
//! dataset, `examine` looks at one, `sign` makes the manifest of all, `verify` compares them with it. What a manifest is stands in
//! `casemate_wire::manifest`.

mod columns;
mod encryption;
mod error;
mod examine;
mod folder;
mod seal;
mod sign;
mod source;
mod verify;

pub use encryption::ColumnProtection;
pub use error::DatasetError;
pub use examine::{Examined, ParquetFacts, examine};
pub use folder::{DatasetFile, DatasetFolder};
pub use seal::{SealOptions, Sealed, seal};
pub use sign::{SignOptions, read_manifest, sign};
pub use source::{CsvOptions, SourceFormat, SourceOptions};
pub use verify::{Verified, verify};

/// Is told how many bytes and rows are done since it was called last. An error from it stops the work.
pub type Progress<'a> = &'a (dyn Fn(u64, u64) -> Result<(), DatasetError> + 'a);

#[cfg(test)]
mod tests;
