//! `casemate access`: makes the file that says which clients an engine accepts.

use std::path::{Path, PathBuf};

use casemate_wire::access_file::{AccessFile, policy_hash};
use casemate_wire::identity::ClientPublicKey;
use clap::Subcommand;

use crate::error::Result;
use crate::files::{add_client, load_access, new_access, remove_client, save_access};

const AFTER_HELP: &str = "\
Examples:
  casemate access new --client alice=p384:03ab..        in access.json
  casemate access add access.json --client bob=p384:02cd.. --memory-limit 512MiB
  casemate access add access.json --client alice=p384:02ef..         a second key, while alice changes hers
  casemate access remove access.json --client alice=p384:03ab..      .. and the first one out again
  casemate access remove access.json --client bob
  casemate access hash access.json                      what the engine attests, for \"policy_hashes\" in a trust file

A client's key is what `casemate keys public` prints. The file is JSON: \"clients\" (name, key, memory_limit),
\"max_sessions\", \"idle_timeout_seconds\" and \"handshake_timeout_seconds\". It holds no secret; it belongs into the
enclave image, and its hash is part of every attestation document.";

/// Arguments of `casemate access`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make an access file
    New {
        /// Where to write it
        #[arg(default_value = "access.json")]
        file: PathBuf,
        /// A client, as NAME=PUBLIC_KEY; may be repeated
        #[arg(long, value_name = "NAME=KEY", required = true, value_parser = parse_client)]
        client: Vec<(String, ClientPublicKey)>,
        /// Replace a file that is there already
        #[arg(long)]
        force: bool,
    },
    /// Add a client to an access file
    Add {
        /// The access file
        file: PathBuf,
        /// The client, as NAME=PUBLIC_KEY
        #[arg(long, value_name = "NAME=KEY", value_parser = parse_client)]
        client: (String, ClientPublicKey),
        /// What its queries may use, such as 512MiB
        #[arg(long, value_name = "SIZE")]
        memory_limit: Option<String>,
    },
    /// Take a client out of an access file
    Remove {
        /// The access file
        file: PathBuf,
        /// The client: NAME for all its keys, NAME=PUBLIC_KEY for one of them
        #[arg(long, value_name = "NAME[=KEY]", value_parser = parse_client_or_name)]
        client: (String, Option<ClientPublicKey>),
    },
    /// Print the hash of an access file, as engines attest it
    Hash {
        /// The access file
        #[arg(default_value = "access.json")]
        file: PathBuf,
    },
}

fn parse_client(text: &str) -> std::result::Result<(String, ClientPublicKey), String> {
    let (name, key) = text.split_once('=').ok_or("write NAME=KEY, with the key that `casemate keys public` prints")?;
    Ok((name.to_owned(), key.parse().map_err(|error: casemate_wire::Error| error.to_string())?))
}

fn parse_client_or_name(text: &str) -> std::result::Result<(String, Option<ClientPublicKey>), String> {
    match text.contains('=') {
        true => parse_client(text).map(|(name, key)| (name, Some(key))),
        false => Ok((text.to_owned(), None)),
    }
}

/// Runs the command.
pub(crate) fn run(args: Args) -> Result<()> {
    match args.action {
        Action::New { file, client, force } => {
            save_access(&new_access(client)?, &file, force)?;
            eprintln!("wrote {}", file.display());
        }
        Action::Add { file, client: (name, key), memory_limit } => {
            let (mut access, _) = load_access(&file)?;
            add_client(&mut access, name, key, memory_limit);
            save_changed(&access, &file)?;
        }
        Action::Remove { file, client: (name, key) } => {
            let (mut access, _) = load_access(&file)?;
            remove_client(&mut access, &name, key.as_ref())?;
            save_changed(&access, &file)?;
        }
        Action::Hash { file } => println!("{}", hex::encode(policy_hash(&load_access(&file)?.1))),
    }
    Ok(())
}

fn save_changed(access: &AccessFile, file: &Path) -> Result<()> {
    save_access(access, file, true)?;
    let keys = access.clients.len();
    eprintln!("{} now names {keys} keys; an image that is built with it attests its new hash", file.display());
    Ok(())
}
