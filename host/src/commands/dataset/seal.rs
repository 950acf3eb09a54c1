//! `casemate dataset seal`: from a CSV file to an encrypted table in one command.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::PathBuf;

use casemate_wire::dataset::DatasetName;
use indicatif::{HumanBytes, HumanCount};
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use sealed_parquet::KeyLength;

use super::Stop;
use super::sign::report;
use crate::dataset::{CsvOptions, SealOptions, SignOptions, SourceFormat, SourceOptions, seal};
use crate::error::{HostError, Result};
use crate::files::Keys;
use crate::progress::Progress;

const AFTER_HELP: &str = "\
Examples:
  casemate dataset seal people.csv people --keys keys.json
  casemate dataset seal events/ lake/events --keys keys.json --name lake/events --compression zstd
  casemate dataset seal staff.parquet staff --keys keys.json --key hr --column-key salary=payroll

Each input file becomes one encrypted Parquet file that Spark 3.2 reads with the same master keys; folders such as year=2021/ are
kept. The types of CSV columns are those that fit every value without losing anything (00123 stays text); an empty value is
NULL; times without an offset are in UTC. The table is read by the name of the folder: parquet.`people`.";

/// Rows of a row group, as Parquet for Java comes to with rows of about 128 bytes.
const ROW_GROUP_ROWS: usize = 1_000_000;

/// Arguments of `casemate dataset seal`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// A CSV, JSON or Parquet file, or a folder of such
    input: PathBuf,
    /// The folder to write, which must not be there yet
    output: PathBuf,
    /// The keys file: its identity signs, its master keys encrypt
    #[arg(long, value_name = "FILE")]
    keys: PathBuf,
    /// The master key to encrypt under [default: one with the name of the table, made if the keys file has none]
    #[arg(long, value_name = "ID")]
    key: Option<String>,
    /// Make a new master key with this id, add it to the keys file, and encrypt under it
    #[arg(long, value_name = "ID", conflicts_with = "key")]
    new_key: Option<String>,
    /// Encrypt a column under another master key; may be repeated
    #[arg(long, value_name = "COLUMN=ID", value_parser = parse_column_key)]
    column_key: Vec<(String, String)>,
    /// Length of the keys that encrypt the files
    #[arg(long, value_name = "BITS", default_value = "256", value_parser = ["128", "256"])]
    key_bits: String,
    /// Leave the footers readable: schema and statistics of the columns show without a key
    #[arg(long)]
    plaintext_footer: bool,
    /// The path below the data folder at which the table will be read [default: the output folder's own name]
    #[arg(long, value_name = "NAME")]
    name: Option<DatasetName>,
    /// How pages are compressed
    #[arg(long, value_name = "CODEC", default_value = "snappy")]
    compression: Codec,
    /// Rows of a row group
    #[arg(long, value_name = "ROWS", default_value_t = ROW_GROUP_ROWS, value_parser = parse_rows)]
    row_group_rows: usize,
    /// The format of the input [default: what the files' names say]
    #[arg(long, value_name = "FORMAT", help_heading = "Input")]
    format: Option<SourceFormat>,
    /// CSV has no line with names; columns are called _c0, _c1, ..
    #[arg(long, help_heading = "Input")]
    no_header: bool,
    /// What stands between the values of CSV; `\t` is a tab
    #[arg(long, value_name = "CHAR", default_value = ",", value_parser = parse_delimiter, help_heading = "Input")]
    delimiter: u8,
    /// All columns of CSV are strings
    #[arg(long, help_heading = "Input")]
    strings: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Codec {
    Snappy,
    Zstd,
    Gzip,
    None,
}

impl From<Codec> for Compression {
    fn from(codec: Codec) -> Self {
        match codec {
            Codec::Snappy => Compression::SNAPPY,
            Codec::Zstd => Compression::ZSTD(ZstdLevel::default()),
            Codec::Gzip => Compression::GZIP(GzipLevel::default()),
            Codec::None => Compression::UNCOMPRESSED,
        }
    }
}

fn parse_column_key(text: &str) -> std::result::Result<(String, String), String> {
    let (column, key) = text.split_once('=').ok_or("write COLUMN=ID")?;
    Ok((column.to_owned(), key.to_owned()))
}

fn parse_rows(text: &str) -> std::result::Result<usize, String> {
    text.parse().ok().filter(|rows| *rows > 0).ok_or_else(|| "write a number of rows above 0".to_owned())
}

fn parse_delimiter(text: &str) -> std::result::Result<u8, String> {
    match text.as_bytes() {
        [one] if one.is_ascii() => Ok(*one),
        b"\\t" => Ok(b'\t'),
        _ => Err("write one ASCII character, or \\t for a tab".to_owned()),
    }
}

/// Runs the command.
pub(crate) fn run(args: Args, stop: &Stop) -> Result<()> {
    let mut keys = Keys::load(&args.keys)?;
    let key = args.master_key(&mut keys)?;
    let options = args.options(key);
    let progress = Progress::start("reading", false);
    let (bytes, rows) = (Cell::new(0), Cell::new(0));
    let sealed = seal(&args.input, &args.output, &keys, &options, &|more_bytes, more_rows| {
        bytes.set(bytes.get() + more_bytes);
        rows.set(rows.get() + more_rows);
        progress.sealed(bytes.get(), rows.get());
        stop.check()
    })?;
    drop(progress);
    eprintln!(
        "sealed {} rows into {}, {} under the master key '{}'",
        HumanCount(sealed.rows),
        args.output.display(),
        HumanBytes(sealed.bytes),
        options.key
    );
    for column in &sealed.columns {
        eprintln!("  {} {}", column.name, column.data_type);
    }
    report(&sealed.manifest, &mut keys, &args.keys)
}

impl Args {
    /// The id of the master key, which the keys file has from now on.
    fn master_key(&self, keys: &mut Keys) -> Result<String> {
        let of_table = || match (&self.name, self.output.file_name().and_then(|name| name.to_str())) {
            (Some(name), _) => Ok(name.to_string()),
            (None, Some(name)) => Ok(name.to_owned()),
            (None, None) => Err(HostError::Usage("name the output folder, or the key with --key ID".to_owned())),
        };
        let (id, new) = match (&self.key, &self.new_key) {
            (Some(id), _) => return Ok(id.clone()),
            (None, Some(id)) => (id.clone(), true),
            (None, None) => {
                let id = of_table()?;
                let missing = keys.data_keys.get_master(&id).is_none();
                (id, missing)
            }
        };
        if new {
            keys.data_keys.insert_master(id.clone(), casemate_wire::keys::DataKey::generate()?)?;
            // Saved before anything is encrypted under it.
            keys.save(&self.keys, true)?;
            eprintln!("made the master key '{id}' in {}: keep a copy of that file", self.keys.display());
        }
        Ok(id)
    }

    fn options(&self, key: String) -> SealOptions {
        let csv = CsvOptions { header: !self.no_header, delimiter: self.delimiter, strings: self.strings };
        SealOptions {
            source: SourceOptions { format: self.format, csv },
            key,
            column_keys: self.column_key.iter().cloned().collect::<BTreeMap<_, _>>(),
            key_length: if self.key_bits == "128" { KeyLength::Bits128 } else { KeyLength::Bits256 },
            plaintext_footer: self.plaintext_footer,
            compression: self.compression.into(),
            row_group_rows: self.row_group_rows,
            sign: SignOptions { name: self.name.clone(), ..SignOptions::default() },
        }
    }
}
