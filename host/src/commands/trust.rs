//! `casemate trust`: makes the file that says which enclaves a client accepts, and changes it for rollouts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use casemate_wire::access_file::policy_hash;
use casemate_wire::trust_file::{PcrSetEntry, RootEntry, TrustFile};
use clap::Subcommand;

use crate::error::{HostError, Result};
use crate::files::{
    DEFAULT_MAX_AGE_SECONDS, TrustOptions, add_image, add_policy, load_access, load_trust_file, new_trust,
    pcr_set_from_measurements, remove_image, remove_policy, save_trust,
};

const AFTER_HELP: &str = "\
Examples:
  casemate trust new --measurements build.json --name v1          accepts that image, in trust.json
  casemate trust new prod.json --pcr 0=ab12.. --pcr 1=.. --pcr 2=.. --access access.json
  casemate trust add trust.json --measurements next.json --name v2 --access next-access.json
  casemate trust show trust.json
  casemate trust remove trust.json --name v1                      v2 is everywhere: v1 is refused from now on

Measurements are what `casemate enclave build --json` or `nitro-cli build-enclave` print. The file is JSON: \"roots\" (here
\"aws-nitro\", whose certificate is pinned in the program), \"pcr_sets\" (name and PCRs of each accepted image),
\"max_age_seconds\" and \"policy_hashes\" (the access files that the engine may have; none is any). A simulated engine
writes its own trust file (`casemate-engine --simulated-trust-out FILE`).";

/// Arguments of `casemate trust`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a trust file for enclaves on AWS Nitro
    New(NewArgs),
    /// Accept another image, or another access file, beside those that are accepted already
    Add(AddArgs),
    /// Accept an image, or an access file, no more
    Remove(RemoveArgs),
    /// Print what a trust file accepts
    Show {
        /// The trust file
        #[arg(default_value = "trust.json")]
        file: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
struct NewArgs {
    /// Where to write it
    #[arg(default_value = "trust.json")]
    file: PathBuf,
    /// What the build of an accepted image printed (JSON); may be repeated
    #[arg(long, value_name = "FILE", required_unless_present = "pcr")]
    measurements: Vec<PathBuf>,
    /// A PCR of an accepted image, as INDEX=HEX; PCR 0, 1 and 2 are needed
    #[arg(long, value_name = "INDEX=HEX", value_parser = parse_pcr)]
    pcr: Vec<(u8, String)>,
    /// What to call the image [default: the name of the file with its measurements]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The oldest attestation document to accept, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_MAX_AGE_SECONDS)]
    max_age: u64,
    /// Accept engines with this access file only; may be repeated
    #[arg(long, value_name = "FILE")]
    access: Vec<PathBuf>,
    /// Replace a file that is there already
    #[arg(long)]
    force: bool,
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true).args(["measurements", "pcr", "access"]))]
struct AddArgs {
    /// The trust file
    file: PathBuf,
    /// What the build of the image printed (JSON)
    #[arg(long, value_name = "FILE", conflicts_with = "pcr")]
    measurements: Option<PathBuf>,
    /// A PCR of the image, as INDEX=HEX; PCR 0, 1 and 2 are needed
    #[arg(long, value_name = "INDEX=HEX", value_parser = parse_pcr)]
    pcr: Vec<(u8, String)>,
    /// What to call the image [default: the name of the file with its measurements]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The access file of the image, where the trust file names those that are accepted
    #[arg(long, value_name = "FILE")]
    access: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true).args(["name", "access", "policy_hash"]))]
struct RemoveArgs {
    /// The trust file
    file: PathBuf,
    /// The image to accept no more
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The access file to accept no more
    #[arg(long, value_name = "FILE", conflicts_with = "policy_hash")]
    access: Option<PathBuf>,
    /// The hash of the access file to accept no more
    #[arg(long, value_name = "HEX")]
    policy_hash: Option<String>,
}

fn parse_pcr(text: &str) -> std::result::Result<(u8, String), String> {
    let (index, value) = text.split_once('=').ok_or("write INDEX=HEX, for example 0=ab12..")?;
    let index = index.parse().ok().filter(|index| *index < 32).ok_or("the index of a PCR is a number from 0 to 31")?;
    Ok((index, value.to_owned()))
}

/// Runs the command.
pub(crate) fn run(args: Args) -> Result<()> {
    match args.action {
        Action::New(args) => new(args),
        Action::Add(args) => add(args),
        Action::Remove(args) => remove(args),
        Action::Show { file } => show(&load_trust_file(&file)?),
    }
}

fn new(args: NewArgs) -> Result<()> {
    let images = args.measurements.len() + usize::from(!args.pcr.is_empty());
    if images > 1 && args.name.is_some() {
        return Err(HostError::Usage("--name is for one image: add the others with `casemate trust add`".to_owned()));
    }
    let mut pcr_sets = Vec::new();
    for path in &args.measurements {
        pcr_sets.push(pcr_set_from_measurements(args.name.clone().unwrap_or_else(|| path_name(path)), path)?);
    }
    pcr_sets.extend(pcr_set(&args.pcr, args.name.as_deref())?);
    let policy_hashes = args.access.iter().map(|path| hash_of(path)).collect::<Result<_>>()?;
    let file = new_trust(TrustOptions { pcr_sets, max_age_seconds: args.max_age, policy_hashes })?;
    save_trust(&file, &args.file, args.force)?;
    eprintln!("wrote {}: accepts {} image(s) under the AWS Nitro root", args.file.display(), file.pcr_sets.len());
    Ok(())
}

fn add(args: AddArgs) -> Result<()> {
    let mut file = load_trust_file(&args.file)?;
    let measured = args.measurements.as_deref().map(|path| {
        let name = args.name.clone().unwrap_or_else(|| path_name(path));
        pcr_set_from_measurements(name, path)
    });
    let set = match measured {
        Some(set) => Some(set?),
        None => pcr_set(&args.pcr, args.name.as_deref())?,
    };
    if let Some(set) = set {
        add_image(&mut file, set)?;
    }
    if let Some(path) = &args.access {
        if file.policy_hashes.is_empty() {
            let text = "the trust file names no access files, and so accepts any; to name them, make a new one with \
                        `casemate trust new --access FILE`";
            return Err(HostError::Usage(text.to_owned()));
        }
        add_policy(&mut file, hash_of(path)?)?;
    }
    save(&file, &args.file)
}

fn remove(args: RemoveArgs) -> Result<()> {
    let mut file = load_trust_file(&args.file)?;
    if let Some(name) = &args.name {
        remove_image(&mut file, name)?;
    }
    let hash = match (&args.access, args.policy_hash) {
        (Some(path), _) => Some(hash_of(path)?),
        (None, hash) => hash.map(|hash| hash.to_ascii_lowercase()),
    };
    if let Some(hash) = hash {
        remove_policy(&mut file, &hash)?;
    }
    save(&file, &args.file)
}

fn save(file: &TrustFile, path: &Path) -> Result<()> {
    save_trust(file, path, true)?;
    let names: Vec<&str> = file.pcr_sets.iter().map(|set| set.name.as_str()).collect();
    eprintln!("{} now accepts: {}; clients that start from now on go by it", path.display(), names.join(", "));
    Ok(())
}

fn show(file: &TrustFile) -> Result<()> {
    for root in &file.roots {
        println!(
            "root         {}",
            match root {
                RootEntry::AwsNitro => "AWS Nitro Enclaves",
                RootEntry::Simulated(_) => "SIMULATED: no hardware stands behind what it signs",
            }
        );
    }
    for set in &file.pcr_sets {
        println!("image        {}", set.name);
        for (index, value) in &set.pcrs {
            println!("  PCR{index:<8}{value}");
        }
    }
    println!("max age      {} s", file.max_age_seconds);
    if file.policy_hashes.is_empty() {
        println!("access file  any");
    }
    file.policy_hashes.iter().for_each(|hash| println!("access file  {hash}"));
    Ok(())
}

fn path_name(path: &Path) -> String {
    path.display().to_string()
}

fn hash_of(access: &Path) -> Result<String> {
    Ok(hex::encode(policy_hash(&load_access(access)?.1)))
}

/// The image that `--pcr` describes, if it is there at all.
fn pcr_set(pcrs: &[(u8, String)], name: Option<&str>) -> Result<Option<PcrSetEntry>> {
    let unique: BTreeMap<u8, String> = pcrs.iter().cloned().collect();
    if unique.len() < pcrs.len() {
        return Err(HostError::Usage("a PCR is given twice with --pcr".to_owned()));
    }
    let name = name.unwrap_or("command line").to_owned();
    Ok((!unique.is_empty()).then_some(PcrSetEntry { name, pcrs: unique }))
}
