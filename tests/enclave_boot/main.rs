//! Enclaves boot: the engine as the first process of a virtual machine, attested, with keys and queries over vsock.
//!
//! In software emulation, so that any machine will do. `install` brings what is needed; without it the tests skip, and say
//! so. Every boot is bounded (`machine::PATIENCE`); all of them take about a minute on two cores.

mod emulated_nsm;
mod image;
mod machine;
mod stock_kernel;
mod tools;

use std::fs;
use std::path::{Path, PathBuf};

use casemate_tests::data;
use casemate_tests::deployment::Programs;
use casemate_tests::process::Server;
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

/// A folder with a small TPC-H twice: in `plain`, and in `encrypted`.
fn tables() -> PathBuf {
    let [plain, encrypted] = [false, true].map(|encrypted| data::tpch_tables(temporary(), 0.01, encrypted));
    let name = format!("{}-twice", plain.file_name().unwrap_or_default().display());
    data::once(temporary(), &name, |folder| {
        for (name, tables) in [(PLAIN, &plain), (ENCRYPTED, &encrypted)] {
            fs::create_dir(folder.join(name)).expect("a folder");
            for table in fs::read_dir(tables).expect("tables") {
                let table = table.expect("a table");
                fs::copy(table.path(), folder.join(name).join(table.file_name())).expect("a copy");
            }
        }
    })
}

/// The folder of the tables that anybody can read.
const PLAIN: &str = "plain";
/// The folder of the tables that need a key of the client.
const ENCRYPTED: &str = "encrypted";

/// The parent's server in front of the machine.
async fn serve(machine: &Machine) -> Server {
    let arguments = [
        "serve".to_owned(),
        "--listen=tcp://127.0.0.1:0".to_owned(),
        format!("--enclave={}", machine.port(ENGINE_PORT)),
        format!("--data={}", tables().display()),
    ];
    Server::start(Path::new(PROGRAMS.casemate), &arguments, &machine.file("serve.log")).await
}

/// The address that a server printed.
fn address(server: &Server) -> Address {
    server.address.parse().expect("a server prints its address")
}

/// Queries over the tables of one folder: one row from each of 25, and a join with an aggregate over 60,000.
fn queries(folder: &str) -> [String; 2] {
    [
        format!("SELECT n_name, n_regionkey FROM parquet.`{folder}/nation.parquet` ORDER BY n_nationkey"),
        format!(
            "SELECT o_orderpriority, count(*) AS lines, sum(l_quantity) AS quantity \
             FROM parquet.`{folder}/lineitem.parquet` JOIN parquet.`{folder}/orders.parquet` ON l_orderkey = o_orderkey \
             GROUP BY o_orderpriority ORDER BY o_orderpriority"
        ),
    ]
}

/// A query whose answer has some megabytes: more than one write to a vsock takes.
fn many_rows(folder: &str) -> String {
    format!(
        "SELECT l_orderkey, l_linenumber, l_comment FROM parquet.`{folder}/lineitem.parquet` \
         ORDER BY l_orderkey, l_linenumber"
    )
}
