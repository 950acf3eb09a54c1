//! `casemate enclave describe`: what runs, and what an image holds.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use super::running::{NitroCliArgs, enclave_json, pcrs};
use crate::enclave::eif::{self, Description, SignatureCheck};
use crate::error::{HostError, Result};
use crate::lifecycle::advice::least_memory_mib;
use crate::lifecycle::nitro_cli::{EnclaveInfo, NitroCli};

const AFTER_HELP: &str = "\
Examples:
  casemate enclave describe                            the enclaves of this instance
  casemate enclave describe casemate.eif               an image: what the hardware will measure, what memory it needs
  casemate enclave describe --json | jq -r '.[].state'

Root sees the enclaves of all users, others their own. An image is described on any machine, without nitro-cli.";

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
    match &args.image {
        Some(image) => describe_image(image, args.json),
        None => describe_enclaves(&args.nitro_cli.program(), args.json).await,
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

fn describe_image(path: &Path, json: bool) -> Result<()> {
    let file = File::open(path).map_err(HostError::io(format!("can't read the enclave image {}", path.display())))?;
    let image = eif::read(BufReader::new(file))?;
    let signature = signature_text(image.signature);
    if json {
        println!("{}", image_json(&image, signature));
    } else {
        for (index, value) in &image.measurements.pcrs {
            println!("PCR{index:<10}{}", hex::encode(value));
        }
        println!("signature    {signature}");
        println!("command line {:?}", image.command_line);
        for section in &image.sections {
            println!("section      {:?}, {} bytes", section.kind, section.bytes);
        }
        let bytes = image.file_bytes();
        println!("size         {bytes} bytes; it needs --memory {}MiB or more", least_memory_mib(bytes));
    }
    match image.signature {
        Some(SignatureCheck::Invalid) => Err(HostError::Lifecycle(format!(
            "the signature of {} is not of this image: build it again",
            path.display()
        ))),
        _ => Ok(()),
    }
}

fn signature_text(check: Option<SignatureCheck>) -> &'static str {
    match check {
        None => "none",
        Some(SignatureCheck::Valid) => "valid",
        Some(SignatureCheck::Invalid) => "invalid",
        Some(SignatureCheck::OtherAlgorithm) => "not checked: it is not ES384",
    }
}

fn image_json(image: &Description, signature: &str) -> Json {
    let pcrs = image.measurements.pcrs.iter().map(|(index, value)| (index.to_string(), hex::encode(value)));
    json!({
        "pcrs": pcrs.collect::<Json>(),
        "signature": signature,
        "command_line": image.command_line,
        "metadata": image.metadata,
        "bytes": image.file_bytes(),
        "least_memory_mib": least_memory_mib(image.file_bytes()),
    })
}
