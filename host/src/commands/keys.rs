//! `casemate keys`: makes keys files and shows their public half.

use std::path::PathBuf;

use casemate_wire::identity::ClientIdentity;
use casemate_wire::keys::DataKey;
use clap::Subcommand;
use zeroize::Zeroizing;

use crate::error::{HostError, Result};
use crate::files::{FileError, Keys};

const AFTER_HELP: &str = "\
Examples:
  casemate keys new                                    a new identity in keys.json
  casemate keys new alice.json --data-key sales-2021   with a new key for encrypted tables
  casemate keys add alice.json hr --from hr.hex        adds a key that encrypted tables name by its id
  casemate keys add alice.json finance --master --from finance.hex
                                                       adds a master key of the Spark jobs that encrypted tables
  casemate keys prefix alice.json sales/2024 acme-sales-2024
                                                       tables below sales/2024 must have this AAD prefix
  casemate keys remove alice.json sales-2021           no table is encrypted under it any more
  casemate keys renew alice.json alice-2.json          the same data keys under a new identity, to change to it
  casemate keys public alice.json                      what the engine's operator needs (`casemate access`)

The file is JSON with mode 0600: \"identity\" (secret P-384 scalar), \"public_key\", \"result_key\" (wraps results kept
with `casemate sql --sealed`), \"data_keys\" and \"master_keys\" (key id to AES key), all hexadecimal, and \"aad_prefixes\"
(path to text). A data key encrypts files itself; a master key wraps the keys of files, as Spark's parquet.encryption.*
does it. Keep a copy: results kept sealed and tables encrypted under it can't be read without it.";

/// Arguments of `casemate keys`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a new keys file
    New {
        /// Where to write it
        #[arg(default_value = "keys.json")]
        file: PathBuf,
        /// Also make a new data key (AES-256) under this id; may be repeated
        #[arg(long, value_name = "ID")]
        data_key: Vec<String>,
        /// Also make a new master key (AES-256) under this id; may be repeated
        #[arg(long, value_name = "ID")]
        master_key: Vec<String>,
        /// Replace a file that is there already; what it could decrypt is lost
        #[arg(long)]
        force: bool,
    },
    /// Add a data key or master key to a keys file
    Add {
        /// The keys file
        file: PathBuf,
        /// The key's id, as the encrypted files name it
        id: String,
        /// A file with the key in hexadecimal (32, 48 or 64 digits) [default: a new random key]
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
        /// It is a master key, which wraps the keys of files
        #[arg(long)]
        master: bool,
    },
    /// Set the AAD prefix that the encrypted files at a path must have
    Prefix {
        /// The keys file
        file: PathBuf,
        /// A file or folder, relative to the parent's data folder
        path: String,
        /// The prefix that the files were written with
        prefix: String,
    },
    /// Take a data key out of a keys file; what is encrypted under it can't be read any more
    Remove {
        /// The keys file
        file: PathBuf,
        /// The key's id
        id: String,
    },
    /// Write a second keys file with a new identity, and all other keys of the first
    Renew {
        /// The keys file that is in use
        file: PathBuf,
        /// Where to write the new one
        new: PathBuf,
        /// Replace a file that is there already
        #[arg(long)]
        force: bool,
    },
    /// Print the public key, for the engine's access file
    Public {
        /// The keys file
        #[arg(default_value = "keys.json")]
        file: PathBuf,
    },
}

/// Runs the command.
pub(crate) fn run(args: Args) -> Result<()> {
    match args.action {
        Action::New { file, data_key, master_key, force } => {
            let mut keys = Keys::generate()?;
            for id in data_key {
                keys.data_keys.insert(id, DataKey::generate()?)?;
            }
            for id in master_key {
                keys.data_keys.insert_master(id, DataKey::generate()?)?;
            }
            keys.save(&file, force)?;
            eprintln!("wrote {} (secret, mode 0600); its public key, for the engine's access file:", file.display());
            println!("{}", keys.identity.public());
        }
        Action::Add { file, id, from, master } => {
            let mut keys = Keys::load(&file)?;
            let key = match from {
                Some(path) => read_key(path)?,
                None => DataKey::generate()?,
            };
            match master {
                false => keys.data_keys.insert(id, key)?,
                true => keys.data_keys.insert_master(id, key)?,
            }
            keys.save(&file, true)?;
        }
        Action::Prefix { file, path, prefix } => {
            let mut keys = Keys::load(&file)?;
            keys.data_keys.insert_aad_prefix(path, prefix.as_bytes())?;
            keys.save(&file, true)?;
        }
        Action::Remove { file, id } => {
            let mut keys = Keys::load(&file)?;
            if !keys.data_keys.remove(&id) {
                return Err(FileError::Value(format!("{} has no data key {id}", file.display())).into());
            }
            keys.save(&file, true)?;
        }
        Action::Renew { file, new, force } => {
            let mut keys = Keys::load(&file)?;
            keys.identity = ClientIdentity::generate()?;
            keys.save(&new, force)?;
            eprintln!(
                "wrote {} (secret, mode 0600); engines accept it once an image with its public key in the access file runs:",
                new.display()
            );
            println!("{}", keys.identity.public());
        }
        Action::Public { file } => println!("{}", Keys::load(&file)?.identity.public()),
    }
    Ok(())
}

fn read_key(path: PathBuf) -> Result<DataKey> {
    let text = std::fs::read_to_string(&path).map(Zeroizing::new);
    let text = text.map_err(HostError::io(format!("can't read {}", path.display())))?;
    let problem = |problem: String| FileError::Malformed { kind: "data key", path: path.clone(), problem };
    let bytes =
        hex::decode(text.trim()).map(Zeroizing::new).map_err(|_| problem("it is not hexadecimal".to_owned()))?;
    Ok(DataKey::new(&bytes).map_err(|error| problem(error.to_string()))?)
}
