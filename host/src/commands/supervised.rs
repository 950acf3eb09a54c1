//! The arguments of `casemate serve` for an enclave that the server starts itself.

use std::path::PathBuf;
use std::sync::Arc;

use casemate_wire::address::Address;

use super::enclave::memory_mib;
use crate::error::{HostError, Result};
use crate::lifecycle::advice::{Finding, Plan, findings};
use crate::lifecycle::launcher::{CommandLauncher, Launcher, NitroLauncher};
use crate::lifecycle::machine::{Machine, file_size};
use crate::lifecycle::nitro_cli::{DEFAULT_PROGRAM, NitroCli, RunRequest};
use crate::lifecycle::supervisor::{Supervisor, Watch};

/// What the server starts, and how often it starts it again.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Start the enclave, and keep it running")]
pub(crate) struct SupervisedArgs {
    /// Start this enclave image with nitro-cli; its context id is that of --enclave
    #[arg(long, value_name = "FILE", requires = "cpus", requires = "memory", conflicts_with = "enclave_command")]
    enclave_image: Option<PathBuf>,
    /// Virtual CPUs of the enclave
    #[arg(long, value_name = "COUNT", requires = "enclave_image", value_parser = clap::value_parser!(u32).range(1..))]
    cpus: Option<u32>,
    /// Memory of the enclave, such as 4GiB; a plain number is MiB
    #[arg(long, value_name = "SIZE", requires = "enclave_image", value_parser = memory_mib)]
    memory: Option<u64>,
    /// The name of the enclave; one of this name that runs already is ended [default: casemate]
    #[arg(long, value_name = "NAME", requires = "enclave_image")]
    enclave_name: Option<String>,
    /// AWS's program for enclaves [default: nitro-cli]
    #[arg(long, value_name = "PATH", requires = "enclave_image")]
    nitro_cli: Option<PathBuf>,
    /// Start an engine with this shell command instead; it listens on --enclave
    #[arg(long, value_name = "COMMAND", requires = "enclave")]
    enclave_command: Option<String>,
    /// How often in a row to start it again; who ran for ten minutes was well [default: 5]
    #[arg(long, value_name = "COUNT")]
    restarts: Option<u32>,
}

/// The name of an enclave that `casemate serve` has started.
const DEFAULT_NAME: &str = "casemate";

impl SupervisedArgs {
    /// The supervisor of an enclave at `address`, if the arguments name something to start.
    pub(super) fn supervisor(&self, address: Option<Address>) -> Result<Option<Arc<Supervisor>>> {
        if self.enclave_image.is_none() && self.enclave_command.is_none() {
            return match self.restarts {
                Some(_) => {
                    Err(usage("--restarts needs --enclave-image or --enclave-command: what is to be started again"))
                }
                None => Ok(None),
            };
        }
        let Some(address) = address else {
            return Err(usage(
                "an embedded engine is started by itself: leave out --enclave embedded, or what to start",
            ));
        };
        let launcher: Box<dyn Launcher> = match (&self.enclave_image, &self.enclave_command) {
            (Some(image), _) => Box::new(self.nitro(image.clone(), &address)?),
            (None, command) => Box::new(CommandLauncher::new(command.clone().unwrap_or_default())),
        };
        let watch = Watch::default();
        let restarts = self.restarts.unwrap_or(watch.restarts);
        Ok(Some(Supervisor::new(launcher, address, Watch { restarts, ..watch })))
    }

    fn nitro(&self, image: PathBuf, address: &Address) -> Result<NitroLauncher> {
        let Address::Vsock { cid, .. } = address else {
            return Err(usage("an enclave image listens on vsock: name it with --enclave vsock://CID:PORT"));
        };
        let image_bytes =
            file_size(&image).map_err(HostError::io(format!("can't read the enclave image {}", image.display())))?;
        let (Some(cpus), Some(memory_mib)) = (self.cpus, self.memory) else {
            return Err(usage("--enclave-image needs --cpus COUNT and --memory SIZE"));
        };
        let name = self.enclave_name.clone().unwrap_or_else(|| DEFAULT_NAME.to_owned());
        let request = RunRequest { image, cpus, memory_mib, cid: Some(*cid), name: Some(name), debug: false };
        // What is left of an earlier start may hold CPUs and memory, and is ended first: only `nitro-cli` can judge.
        for finding in findings(&Plan { request: &request, image_bytes, engine_memory: None }, &Machine::read(), &[]) {
            let (Finding::Problem(text) | Finding::Warning(text)) = finding;
            tracing::warn!("{text}");
        }
        let program = self.nitro_cli.clone().unwrap_or_else(|| DEFAULT_PROGRAM.into());
        Ok(NitroLauncher::new(NitroCli::new(program), request))
    }
}

fn usage(text: &str) -> HostError {
    HostError::Usage(text.to_owned())
}
