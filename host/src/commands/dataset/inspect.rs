//! `casemate dataset inspect`: what a table consists of.

use std::collections::BTreeSet;
use std::path::PathBuf;

use casemate_wire::identity::ClientPublicKey;
use casemate_wire::manifest::{CHUNK_BYTES, Content, Manifest};
use indicatif::{HumanBytes, HumanCount};
use sealed_parquet::Algorithm;
use serde_json::{Value as Json, json};

use super::Stop;
use crate::dataset::{ColumnProtection, DatasetFile, DatasetFolder, Examined, examine, read_manifest};
use crate::error::Result;
use crate::files::Keys;

const AFTER_HELP: &str = "\
Examples:
  casemate dataset inspect lake/sales                       what shows without any key
  casemate dataset inspect lake/sales --keys keys.json      columns, rows, and the keys of each column
  casemate dataset inspect lake/sales --keys keys.json --json | jq .files

Nothing is verified: `casemate dataset verify` does that.";

/// Arguments of `casemate dataset inspect`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The folder or the file of the table
    path: PathBuf,
    /// The keys file: shows what it opens
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What is said of a manifest.
enum Found {
    None,
    Refused(String),
    Signed(Box<Manifest>),
}

/// Runs the command.
pub(crate) fn run(args: &Args, stop: &Stop) -> Result<()> {
    let keys = args.keys.as_deref().map(Keys::load).transpose()?;
    let folder = DatasetFolder::open(&args.path)?;
    let trusted: Vec<ClientPublicKey> = keys.as_ref().map(Keys::trusted_signers).unwrap_or_default();
    let manifest = match read_manifest(&folder, &trusted) {
        Ok(Some((manifest, _))) => Found::Signed(Box::new(manifest)),
        Ok(None) => Found::None,
        Err(error) => Found::Refused(error.to_string()),
    };
    let examined = folder.files().iter().map(|file| {
        let examined = examine(file, keys.as_ref(), CHUNK_BYTES, &|_, _| stop.check())?;
        Ok((file, examined))
    });
    let files = examined.collect::<Result<Vec<_>>>()?;
    if args.json {
        println!(
            "{}",
            json!({ "manifest": manifest.json(), "files": files.iter().map(file_json).collect::<Vec<_>>() })
        );
    } else {
        manifest.print();
        files.iter().for_each(print_file);
    }
    Ok(())
}

impl Found {
    fn print(&self) {
        match self {
            Self::None => println!("manifest   none: `casemate dataset sign` makes one"),
            Self::Refused(why) => println!("manifest   not accepted: {why}"),
            Self::Signed(manifest) => {
                println!("dataset    {} version {}", manifest.dataset, manifest.version);
                println!("format     {}, {} files", manifest.format, manifest.files().len());
                manifest.columns.iter().for_each(|column| println!("column     {} {}", column.name, column.data_type));
                manifest.partition_columns.iter().for_each(|column| println!("partition  {column}"));
            }
        }
    }

    fn json(&self) -> Json {
        match self {
            Self::None => Json::Null,
            Self::Refused(why) => json!({ "refused": why }),
            Self::Signed(manifest) => json!({
                "dataset": manifest.dataset.as_str(),
                "version": manifest.version,
                "format": manifest.format,
                "columns": manifest.columns.iter().map(|column| json!([column.name, column.data_type])).collect::<Vec<_>>(),
                "partition_columns": manifest.partition_columns,
            }),
        }
    }
}

fn print_file((file, examined): &(&DatasetFile, Examined)) {
    println!();
    println!("file       {} ({})", file.path, HumanBytes(file.size));
    println!("content    {}", content_text(examined));
    let Some(parquet) = &examined.parquet else { return };
    if let Some(rows) = parquet.rows {
        println!("rows       {}", HumanCount(rows));
    }
    if let Some(why) = &parquet.locked {
        println!("locked     {why}");
    }
    let kinds: BTreeSet<String> = parquet.columns.values().map(protection_text).collect();
    for kind in kinds {
        let columns = parquet.columns.iter().filter(|(_, protection)| protection_text(protection) == kind);
        println!("columns    {kind}: {}", columns.map(|(path, _)| path.as_str()).collect::<Vec<_>>().join(", "));
    }
}

fn content_text(examined: &Examined) -> String {
    let algorithm = examined.parquet.as_ref().and_then(|parquet| Some((parquet.algorithm?, parquet.encrypted_footer)));
    match (examined.file.content, algorithm) {
        (Content::KeyMaterial, _) => "wrapped keys".to_owned(),
        (_, Some((algorithm, encrypted_footer))) => {
            let footer = if encrypted_footer { "encrypted footer" } else { "signed footer, readable by everybody" };
            format!("encrypted, {}, {footer}", algorithm_name(algorithm))
        }
        _ => "NOT encrypted".to_owned(),
    }
}

fn algorithm_name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::AesGcmV1 => "AES_GCM_V1",
        Algorithm::AesGcmCtrV1 => "AES_GCM_CTR_V1",
    }
}

fn protection_text(protection: &ColumnProtection) -> String {
    match protection {
        ColumnProtection::Plain => "NOT encrypted".to_owned(),
        ColumnProtection::FooterKey => "the footer's key".to_owned(),
        ColumnProtection::Key(id) => format!("key '{id}'"),
        ColumnProtection::Locked(why) => format!("locked ({why})"),
    }
}

fn file_json((file, examined): &(&DatasetFile, Examined)) -> Json {
    let mut json = json!({ "path": file.path, "size": file.size });
    json["encrypted"] = (examined.file.content == Content::Encrypted).into();
    if let Some(parquet) = &examined.parquet {
        json["algorithm"] = parquet.algorithm.map(algorithm_name).into();
        json["encrypted_footer"] = parquet.encrypted_footer.into();
        json["rows"] = parquet.rows.into();
        json["row_groups"] = parquet.row_groups.into();
        json["locked"] = parquet.locked.clone().into();
        json["columns"] = parquet.columns.iter().map(|(path, by)| (path.clone(), protection_json(by))).collect();
    }
    json
}

fn protection_json(protection: &ColumnProtection) -> Json {
    match protection {
        ColumnProtection::Plain => json!("plain"),
        ColumnProtection::FooterKey => json!("footer key"),
        ColumnProtection::Key(id) => json!({ "key": id }),
        ColumnProtection::Locked(why) => json!({ "locked": why }),
    }
}
