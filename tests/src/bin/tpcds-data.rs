//! Makes TPC-DS's tables as Parquet files.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use casemate_tests::tpcds;
use clap::Parser;

/// Makes the 24 tables of TPC-DS as Parquet files, in the clear.
///
/// The rows are those of the benchmark's own generator. One file for each table, compressed with Snappy.
#[derive(Parser)]
#[command(name = "tpcds-data", after_help = "Example:\n  tpcds-data --scale-factor 0.01 --out tables")]
struct Arguments {
    /// The size of the data: 1 is a gigabyte as text. Some tables have one size whatever the scale factor
    #[arg(long, value_name = "NUMBER", default_value_t = 0.01)]
    scale_factor: f64,
    /// The folder to write to; files of earlier runs are replaced
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tpcds-data: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let Arguments { scale_factor, out } = arguments;
    anyhow::ensure!(*scale_factor > 0.0 && scale_factor.is_finite(), "--scale-factor is a number above 0");
    let tables = tpcds::write_tables(out, *scale_factor, None);
    for (table, rows) in tables.with_context(|| format!("can't write to {}", out.display()))? {
        println!("{rows:>10} rows  {}", table.name);
    }
    Ok(())
}
