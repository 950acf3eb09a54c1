//! End-to-end tests over real sockets and processes, one subject a file.
//!
//! Every wait is bounded (`casemate_tests::PATIENCE`), and nothing waits for a fixed time where there is an event.

mod attestation;
mod bad_frames;
mod bucket;
mod canary;
mod command_line;
mod data_keys;
mod embedded;
mod encrypted_tables;
mod hostile_files;
mod lifecycle;
mod limits;
mod manifests;
mod memory;
mod outputs;
mod restarts;
mod rotation;
mod seal;
mod sql_errors;
mod storage;
mod stream_attacks;
mod tables;
mod tpcds;
mod tpch;

use std::path::{Path, PathBuf};

use casemate_tests::data;
use casemate_tests::deployment::Programs;

/// The programs under test, built by cargo for these tests.
const PROGRAMS: Programs = Programs {
    casemate: env!("CARGO_BIN_EXE_casemate-under-test"),
    engine: env!("CARGO_BIN_EXE_casemate-engine-under-test"),
};

/// A small TPC-H, encrypted: 60,000 rows in its largest table.
fn small_tables() -> PathBuf {
    data::tpch_tables(temporary(), 0.01, true)
}

/// Where tests keep what outlives them.
fn temporary() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// All rows of the largest table, in several batches.
const MANY_ROWS: &str = "SELECT l_orderkey, l_linenumber, l_comment FROM parquet.`lineitem.parquet`";

/// Rows without end, as far as a test is concerned: 3.6 billion.
const ENDLESS: &str =
    "SELECT a.l_comment, b.l_orderkey FROM parquet.`lineitem.parquet` a, parquet.`lineitem.parquet` b";

/// A query that costs nothing, to see that a session works.
const ONE: &str = "SELECT n_name FROM parquet.`nation.parquet` WHERE n_nationkey = 7";
