//! Makes TPC-H's tables as Parquet files, plain or encrypted.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use casemate_host::files::Keys;
use casemate_host::tpch::{self, Encryption};
use clap::Parser;

/// Makes the eight tables of TPC-H as Parquet files.
///
/// The rows are those of the benchmark's own generator. One file for each table, compressed with Snappy.
#[derive(Parser)]
#[command(name = "tpch-data", after_help = EXAMPLES)]
struct Arguments {
    /// The size of the data: 1 is a gigabyte as text, 0.1 a tenth of it
    #[arg(long, value_name = "NUMBER", default_value_t = 0.1)]
    scale_factor: f64,
    /// The folder to write to; files of earlier runs are replaced
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Encrypt the files under this key of the keys file
    #[arg(long, value_name = "ID", requires = "keys")]
    encrypt_key_id: Option<String>,
    /// The keys file, as `casemate keys new` makes it
    #[arg(long, value_name = "FILE", requires = "encrypt_key_id")]
    keys: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  tpch-data --scale-factor 0.1 --out tables
  casemate keys new keys.json --data-key tpch && tpch-data --out tables --keys keys.json --encrypt-key-id tpch";

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tpch-data: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let scale_factor = arguments.scale_factor;
    anyhow::ensure!(scale_factor > 0.0 && scale_factor.is_finite(), "--scale-factor is a number above 0");
    let keys = arguments.keys.as_deref().map(Keys::load).transpose()?;
    let encryption = match (&keys, &arguments.encrypt_key_id) {
        (Some(keys), Some(key_id)) => {
            let key = keys.data_keys.get(key_id);
            let key =
                key.with_context(|| format!("no key '{key_id}' in the keys file: add it with `casemate keys add`"))?;
            Some(Encryption { key_id, key: key.as_bytes() })
        }
        _ => None,
    };
    let files = tpch::write_tables(&arguments.out, scale_factor, encryption.as_ref())
        .with_context(|| format!("can't write to {}", arguments.out.display()))?;
    for file in files {
        println!("{:>10} rows {:>12} bytes  {}", file.rows, file.bytes, file.path.display());
    }
    Ok(())
}
