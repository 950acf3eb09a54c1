//! Tables that are files: where they lie, what their columns are, and how DataFusion reads them.
//!
//! All of them lie below one base in one object store. Paths in statements are relative to it and can't leave it; no other
//! store and no local file system can be named.

mod columns;
pub(crate) mod csv;
mod json;
mod listing;
mod parquet;
mod partitions;
mod path;
mod read_ahead;
mod schema;
mod table;
mod text;

use datafusion::execution::SessionState;
use url::Url;

pub(crate) use self::partitions::PartitionRules;
pub(crate) use self::table::FileTable;
pub(crate) use read_ahead::ReadAhead;

use crate::error::{Result, SparkError};
use crate::resolver::Table;
use crate::types::StructField;

/// The formats that Spark 3.2 reads without further packages and this crate does not.
const OTHER_FORMATS: &[&str] = &["avro", "binaryfile", "hive", "jdbc", "libsvm", "orc", "text"];

/// Files as a statement names them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileRelation<'a> {
    /// The name of the format.
    pub format: &'a str,
    /// The path, relative to the storage base.
    pub path: &'a str,
    /// Options of `USING format OPTIONS (..)`, without the path.
    pub options: &'a [(String, String)],
    /// The columns, if the statement declares them.
    pub columns: Option<&'a [StructField]>,
}

/// Where files lie and how they are decrypted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Storage<'a> {
    /// Plans and reads: its runtime has the object store.
    pub state: &'a SessionState,
    /// Where relative paths start.
    pub base: &'a Url,
    /// The id of the factory that knows the keys of Parquet files.
    pub decryption_factory: Option<&'a str>,
    /// How the columns that folders are named after are typed, and the session's time zone.
    pub partitions: PartitionRules,
}

/// What a bad record leads to (the option `mode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Mode {
    /// A row with NULL for what is bad in it.
    Permissive,
    /// No row.
    DropMalformed,
    /// An error.
    FailFast,
}

impl Mode {
    /// The mode of a name; names that are none stand for PERMISSIVE.
    pub fn of(name: &str) -> Self {
        match name.to_uppercase().as_str() {
            "DROPMALFORMED" => Self::DropMalformed,
            "FAILFAST" => Self::FailFast,
            _ => Self::Permissive,
        }
    }
}

/// Whether `name` is that of a format, supported or not.
pub(crate) fn is_format(name: &str) -> bool {
    let name = name.to_lowercase();
    matches!(name.as_str(), "csv" | "json" | "parquet") || OTHER_FORMATS.contains(&name.as_str())
}

/// The table that the files are. They must exist, and their columns must have types that Spark reads.
pub(crate) async fn open(storage: Storage<'_>, relation: FileRelation<'_>) -> Result<Table> {
    let format = relation.format.to_lowercase();
    match format.as_str() {
        "csv" => csv::open(storage, relation).await,
        "json" => json::open(storage, relation).await,
        "parquet" => parquet::open(storage, relation).await,
        other if is_format(other) => Err(SparkError::unsupported(format!("reading {other} files"))),
        _ => Err(SparkError::analysis(format!(
            "Failed to find data source: {}. Supported: csv, json, parquet",
            relation.format
        ))),
    }
}
