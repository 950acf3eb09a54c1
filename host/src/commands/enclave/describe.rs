//! `casemate enclave describe`: what runs, and what an image holds.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use super::running::{NitroCliArgs, enclave_json, pcrs};
use crate::error::{HostError, Result};
use crate::lifecycle::advice::least_memory_mib;
use crate::lifecycle::machine::file_size;
use crate::lifecycle::nitro_cli::{EnclaveInfo, ImageInfo, NitroCli};

const AFTER_HELP: &str = "\
Examples:
  casemate enclave describe                            the enclaves of this instance
  casemate enclave describe casemate.eif               an image: what the hardware will measure, what memory it needs
  casemate enclave describe --json | jq -r '.[].state'

Root sees the enclaves of all users, others their own.";

/// Arguments of `casemate enclave describe`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// An enclave image file, instead of what runs
    image: Option<PathBuf>,
    /// Print JSON: an array of enclaves, or the object of an image
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    nitro_cli: NitroCliArgs,
}

/// Runs the command.
pub(crate) async fn run(args: Args) -> Result<()> {
    let nitro_cli = args.nitro_cli.program();
    match &args.image {
        Some(image) => describe_image(&nitro_cli, image, args.json).await,
        None => describe_enclaves(&nitro_cli, args.json).await,
    }
}

async fn describe_enclaves(nitro_cli: &NitroCli, json: bool) -> Result<()> {
    let enclaves = nitro_cli.enclaves().await?;
    if json {
        println!("{}", enclaves.iter().map(enclave_json).collect::<Json>());
        return Ok(());
    }
    if enclaves.is_empty() {
        eprintln!("no enclave of this user runs");
    }
    for (index, enclave) in enclaves.iter().enumerate() {
        if index > 0 {
            println!();
        }
        print(enclave);
    }
    Ok(())
}

fn print(enclave: &EnclaveInfo) {
    println!("name         {}", enclave.name.as_deref().unwrap_or("-"));
    println!("id           {}", enclave.id);
    println!("state        {}", enclave.state);
    println!("context id   {}", enclave.cid);
    println!("CPUs         {:?}", enclave.cpu_ids);
    println!("memory       {} MiB", enclave.memory_mib);
    if enclave.is_debug() {
        println!("mode         DEBUG: its console is readable, it attests zeros, and no client accepts it");
    }
    for (index, value) in pcrs(&enclave.measurements) {
        println!("PCR{index:<10}{value}");
    }
}

async fn describe_image(nitro_cli: &NitroCli, path: &Path, json: bool) -> Result<()> {
    let bytes = file_size(path).map_err(HostError::io(format!("can't read the enclave image {}", path.display())))?;
    let image = nitro_cli.image(path).await?;
    if json {
        println!("{}", image_json(&image, bytes));
    } else {
        for (index, value) in pcrs(&image.measurements) {
            println!("PCR{index:<10}{value}");
        }
        println!("signed       {}", if image.is_signed { "yes" } else { "no" });
        println!("size         {bytes} bytes; it needs --memory {}MiB or more", least_memory_mib(bytes));
    }
    if image.checksum_fits == Some(false) || image.signature_fits == Some(false) {
        return Err(HostError::Lifecycle(format!(
            "{} is damaged: its checksum or signature does not fit; copy or build it again",
            path.display()
        )));
    }
    Ok(())
}

fn image_json(image: &ImageInfo, bytes: u64) -> Json {
    json!({
        "pcrs": pcrs(&image.measurements).map(|(index, value)| (index.to_owned(), value)).collect::<Json>(),
        "signed": image.is_signed,
        "checksum_fits": image.checksum_fits,
        "signature_fits": image.signature_fits,
        "bytes": bytes,
        "least_memory_mib": least_memory_mib(bytes),
    })
}
