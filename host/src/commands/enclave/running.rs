//! What the commands for running enclaves share: the program that they call, and which enclave is meant.

use std::path::PathBuf;

use casemate_wire::access_file::parse_size;
use serde_json::{Value as Json, json};

use crate::error::{HostError, Result};
use crate::lifecycle::nitro_cli::{DEFAULT_PROGRAM, EnclaveInfo, NitroCli};

/// Where AWS's program is.
#[derive(Debug, clap::Args)]
pub(crate) struct NitroCliArgs {
    /// AWS's program for enclaves
    #[arg(long, value_name = "PATH", default_value = DEFAULT_PROGRAM)]
    nitro_cli: PathBuf,
}

impl NitroCliArgs {
    pub(super) fn program(&self) -> NitroCli {
        NitroCli::new(&self.nitro_cli)
    }
}

/// The enclave that `what` names (by name, id or context id); the only one that runs if nothing is named.
pub(super) async fn find(nitro_cli: &NitroCli, what: Option<&str>) -> Result<EnclaveInfo> {
    let mut enclaves = nitro_cli.enclaves().await?;
    if let Some(what) = what {
        enclaves.retain(|enclave| enclave.is_called(what));
    }
    let count = enclaves.len();
    match (enclaves.pop(), what) {
        (Some(enclave), _) if count == 1 => Ok(enclave),
        (Some(_), _) => Err(HostError::Usage(format!(
            "{count} enclaves could be meant: name one by its id (`casemate enclave describe` shows them)"
        ))),
        (None, Some(what)) => Err(HostError::Lifecycle(format!(
            "no enclave of this user is called {what}: `casemate enclave describe` shows those that run"
        ))),
        (None, None) => Err(HostError::Lifecycle("no enclave of this user runs".to_owned())),
    }
}

/// An enclave for programs.
pub(super) fn enclave_json(enclave: &EnclaveInfo) -> Json {
    json!({
        "name": enclave.name,
        "id": enclave.id,
        "cid": enclave.cid,
        "cpu_ids": enclave.cpu_ids,
        "memory_mib": enclave.memory_mib,
        "state": enclave.state,
        "debug": enclave.is_debug(),
        "process": enclave.process,
        "pcrs": pcrs(&enclave.measurements).map(|(index, value)| (index.to_owned(), value)).collect::<Json>(),
    })
}

/// The registers among measurements, whose names begin with `PCR`.
pub(super) fn pcrs(measurements: &std::collections::BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    measurements.iter().filter_map(|(name, value)| Some((name.strip_prefix("PCR")?, value.as_str())))
}

/// Memory as people write it (`4GiB`), or a plain number of MiB, as `nitro-cli` takes it.
pub(crate) fn memory_mib(text: &str) -> std::result::Result<u64, String> {
    let mib = match text.parse::<u64>() {
        Ok(mib) => mib,
        Err(_) => parse_size("--memory", text).map_err(|error| error.to_string())?.div_ceil(1 << 20),
    };
    // The driver of enclaves takes no less.
    (mib >= 64).then_some(mib).ok_or_else(|| "an enclave has 64 MiB or more; write for example 4GiB".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_a_size_or_a_number_of_mebibytes() {
        assert_eq!(memory_mib("4GiB"), Ok(4096));
        assert_eq!(memory_mib("4096"), Ok(4096));
        assert_eq!(memory_mib("65MiB"), Ok(65));
        for bad in ["", "-1", "much", "63", "1KiB"] {
            assert!(memory_mib(bad).is_err(), "{bad}");
        }
    }
}
