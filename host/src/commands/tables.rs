//! The arguments that say which tables a session may read, besides what the keys file says.

use casemate_wire::data_policy::{Allowed, DataPolicy};
use casemate_wire::dataset::DatasetName;
use casemate_wire::identity::ClientPublicKey;

use crate::error::Result;

/// Which tables are accepted.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Tables")]
pub(crate) struct TableArgs {
    /// Read this table although it is not encrypted; `all` for every one. May be repeated
    #[arg(long, value_name = "NAME", value_parser = parse_allowed)]
    allow_plaintext: Vec<Allow>,
    /// Read this table although no manifest vouches for its files; `all` for every one. May be repeated
    #[arg(long, value_name = "NAME", value_parser = parse_allowed)]
    allow_unsigned: Vec<Allow>,
    /// Accept no older version of a dataset than this; may be repeated
    #[arg(long, value_name = "NAME=VERSION", value_parser = parse_minimum)]
    minimum_version: Vec<(DatasetName, u64)>,
    /// Accept manifests that this key has signed (`casemate keys public`); may be repeated
    #[arg(long, value_name = "KEY")]
    signer: Vec<ClientPublicKey>,
}

/// One value of `--allow-..`.
#[derive(Debug, Clone)]
enum Allow {
    All,
    Name(DatasetName),
}

fn parse_allowed(text: &str) -> std::result::Result<Allow, casemate_wire::Error> {
    if text == "all" { Ok(Allow::All) } else { text.parse().map(Allow::Name) }
}

fn parse_minimum(text: &str) -> std::result::Result<(DatasetName, u64), String> {
    let (name, version) = text.rsplit_once('=').ok_or("write NAME=VERSION")?;
    let name = name.parse().map_err(|error: casemate_wire::Error| error.to_string())?;
    Ok((name, version.parse().map_err(|_| "write NAME=VERSION, the version being a number")?))
}

impl TableArgs {
    /// Adds what was said to a policy.
    pub(crate) fn apply(&self, policy: &mut DataPolicy) -> Result<()> {
        allow(&mut policy.plaintext, &self.allow_plaintext);
        allow(&mut policy.unsigned, &self.allow_unsigned);
        self.minimum_version.iter().for_each(|(name, version)| policy.require(name.clone(), *version));
        self.signer.iter().for_each(|signer| policy.trust(signer.clone()));
        Ok(policy.check()?)
    }

    /// Whether nothing was said.
    pub(crate) fn is_empty(&self) -> bool {
        self.allow_plaintext.is_empty()
            && self.allow_unsigned.is_empty()
            && self.minimum_version.is_empty()
            && self.signer.is_empty()
    }
}

fn allow(allowed: &mut Allowed, names: &[Allow]) {
    for name in names {
        match name {
            Allow::All => *allowed = Allowed::All,
            Allow::Name(name) => allowed.add(name.clone()),
        }
    }
}
