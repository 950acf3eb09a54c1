//! Enclaves boot: the engine as the first process of a virtual machine, attested, with keys and queries over vsock.
//!
//! In software emulation, so that any machine will do. `install` brings what is needed; without it the tests skip, and say
//! so. Every boot is bounded (`machine::PATIENCE`); all of them take about a minute on two cores.

mod emulated_nsm;
mod image;
mod machine;
mod stock_kernel;
mod tools;

use std::path::{Path, PathBuf};

use casemate_tests::data;
use casemate_tests::deployment::Programs;
use casemate_tests::process::{self, Server};
use casemate_wire::address::Address;

use crate::machine::{ENGINE_PORT, Machine};

/// The programs under test, built by cargo for these tests.
const PROGRAMS: Programs = Programs {
    casemate: env!("CARGO_BIN_EXE_casemate-under-test"),
    engine: env!("CARGO_BIN_EXE_casemate-engine-under-test"),
};

/// Where tests keep what outlives them.
fn temporary() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// A small TPC-H, encrypted or not.
fn tables(encrypted: bool) -> PathBuf {
    data::tpch_tables(temporary(), 0.01, encrypted)
}

/// The parent's server in front of the machine, over these tables.
async fn serve(machine: &Machine, tables: &Path) -> Server {
    let arguments = [
        "serve".to_owned(),
        "--listen=tcp://127.0.0.1:0".to_owned(),
        format!("--enclave={}", machine.port(ENGINE_PORT)),
        format!("--data={}", tables.display()),
    ];
    let log = machine.file(&format!("serve-{}.log", tables.file_name().unwrap_or_default().display()));
    Server::start(Path::new(PROGRAMS.casemate), &arguments, &log).await
}

/// What `casemate sql` prints for a query over tables that are not encrypted, from an engine on this machine.
async fn expected(sql: &str) -> String {
    let data = format!("--data={}", tables(false).display());
    process::run(Path::new(PROGRAMS.casemate), &["sql", &data, "--format=csv", "-e", sql], "").await.success()
}

/// The address that a server printed.
fn address(server: &Server) -> Address {
    server.address.parse().expect("a server prints its address")
}

/// One row from each of 25, and a join with an aggregate over 60,000.
const QUERIES: [&str; 2] = [
    "SELECT n_name, n_regionkey FROM parquet.`nation.parquet` ORDER BY n_nationkey",
    "SELECT o_orderpriority, count(*) AS lines, sum(l_quantity) AS quantity FROM parquet.`lineitem.parquet` \
     JOIN parquet.`orders.parquet` ON l_orderkey = o_orderkey GROUP BY o_orderpriority ORDER BY o_orderpriority",
];

/// Some megabytes of results: more than one write to a vsock takes.
const MANY_ROWS: &str =
    "SELECT l_orderkey, l_linenumber, l_comment FROM parquet.`lineitem.parquet` ORDER BY l_orderkey, l_linenumber";
