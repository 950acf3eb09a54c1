//! `casemate enclave run`: starts an enclave.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::running::{NitroCliArgs, memory_mib};
use crate::cli::colours;
use crate::enclave::eif;
use crate::enclave::image::engine_memory_limit;
use crate::error::{HostError, Result};
use crate::lifecycle::advice::{Finding, Plan, engine_memory_mib, findings};
use crate::lifecycle::machine::Machine;
use crate::lifecycle::nitro_cli::{RunInfo, RunRequest};

const AFTER_HELP: &str = "\
Examples:
  casemate enclave run casemate.eif --cpus 2 --memory 4GiB --cid 16
  casemate enclave run casemate.eif --cpus 2 --memory 4GiB --dry-run       look, and start nothing
  casemate enclave run casemate.eif --cpus 2 --memory 4GiB --json | jq .cid

CPUs and huge pages are what nitro-enclaves-allocator has set aside (/etc/nitro_enclaves/allocator.yaml). The memory
holds the image (four times its size, at least), the engine, and its queries; a query that needs more than the engine's
--memory-limit fails alone, memory beyond the enclave's ends it.";

/// Arguments of `casemate enclave run`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The enclave image file
    image: PathBuf,
    /// Virtual CPUs; whole cores, so an even number where a core has two threads
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    cpus: u32,
    /// Memory, such as 4GiB; a plain number is MiB
    #[arg(long, value_name = "SIZE", value_parser = memory_mib)]
    memory: u64,
    /// The vsock context id, from 4 on [default: nitro-cli chooses one]
    #[arg(long, value_name = "CID")]
    cid: Option<u32>,
    /// The name to know it by [default: that of the image file]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// A readable console, zeros for PCRs: for looking inside an image. Clients refuse such an enclave
    #[arg(long)]
    debug_mode: bool,
    /// Say what stands in the way, and start nothing
    #[arg(long)]
    dry_run: bool,
    /// Start it whatever stands in the way
    #[arg(long, conflicts_with = "dry_run")]
    force: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    nitro_cli: NitroCliArgs,
}

/// Runs the command.
pub(crate) async fn run(args: Args) -> Result<()> {
    let (image_bytes, engine_memory) = look_into(&args.image, args.force)?;
    let nitro_cli = args.nitro_cli.program();
    let request = args.request();
    let plan = Plan { request: &request, image_bytes, engine_memory };
    let running = nitro_cli.enclaves().await?;
    judge(&findings(&plan, &Machine::read(), &running), args.force)?;
    if args.debug_mode {
        shout_debug();
    }
    if args.dry_run {
        eprintln!("nothing stands in the way; nothing was started");
        return Ok(());
    }
    let info = nitro_cli.run(&request).await?;
    if args.json {
        println!("{}", info_json(&info, args.debug_mode));
    } else {
        print(&info, engine_memory_mib(info.memory_mib, image_bytes));
    }
    Ok(())
}

impl Args {
    fn request(&self) -> RunRequest {
        RunRequest {
            image: self.image.clone(),
            cpus: self.cpus,
            memory_mib: self.memory,
            cid: self.cid,
            name: self.name.clone(),
            debug: self.debug_mode,
        }
    }
}

/// The size of an image, and what its engine may use for queries, if it says so.
fn look_into(path: &Path, force: bool) -> Result<(u64, Option<u64>)> {
    let unreadable = || HostError::io(format!("can't read the enclave image {}", path.display()));
    match eif::read(BufReader::new(File::open(path).map_err(unreadable())?)) {
        Ok(image) => Ok((image.file_bytes(), engine_memory_limit(&image.metadata))),
        Err(_) if force => Ok((path.metadata().map_err(unreadable())?.len(), None)),
        Err(error) => Err(error.into()),
    }
}

/// Prints what is worth knowing, and stops at what would fail anyway.
fn judge(findings: &[Finding], force: bool) -> Result<()> {
    let mut problems = Vec::new();
    for finding in findings {
        match finding {
            Finding::Problem(text) if !force => problems.push(text.as_str()),
            _ => eprintln!("{finding}"),
        }
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(HostError::Lifecycle(format!(
            "the enclave was not started (--force tries it all the same):\n  {}",
            problems.join("\n  ")
        ))),
    }
}

fn shout_debug() {
    let (start, end) = if colours() { ("\x1b[1;31m", "\x1b[0m") } else { ("", "") };
    eprintln!(
        "{start}DEBUG MODE: anybody on this instance can read the console of this enclave, and its PCRs are zero. No \
         client of Casemate accepts it. Never give it real keys.{end}"
    );
}

fn print(info: &RunInfo, engine_mib: u64) {
    println!("started      {}", info.id);
    if let Some(name) = &info.name {
        println!("name         {name}");
    }
    println!("context id   {}: casemate serve --enclave vsock://{}:5005 --data DIR", info.cid, info.cid);
    println!("CPUs         {:?}", info.cpu_ids);
    println!("memory       {} MiB, of which about {engine_mib} MiB are left for queries", info.memory_mib);
}

fn info_json(info: &RunInfo, debug: bool) -> serde_json::Value {
    json!({
        "name": info.name,
        "id": info.id,
        "cid": info.cid,
        "cpu_ids": info.cpu_ids,
        "memory_mib": info.memory_mib,
        "debug": debug,
    })
}
