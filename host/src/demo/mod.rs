//! The demonstration: client, parent and engine as three processes, encrypted tables, real queries, and then a search for
//! known plaintext in everything that the parent saw or stores.

mod canaries;
pub mod search;
mod steps;
mod workplace;

use std::path::PathBuf;
use std::time::Instant;

use crate::error::Result;
use steps::Demo;

/// What the demonstration is run with.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// The `casemate` executable that parent and engine are started from.
    pub program: PathBuf,
    /// TPC-H's scale factor.
    pub scale_factor: f64,
    /// A directory to keep all files in; otherwise they lie in a temporary one.
    pub keep: Option<PathBuf>,
}

/// Runs the demonstration and prints it to stdout. Dropping the future ends its processes and removes its files.
///
/// # Errors
/// When a step fails, and when the search finds plaintext where none may be.
pub async fn run(options: DemoOptions) -> Result<()> {
    let started = Instant::now();
    println!("Casemate: a query over encrypted tables, and what the machine in the middle learns from it.");
    println!("Three processes: this one is the client, `casemate serve` the parent, `casemate engine` the enclave.\n");
    let mut demo = Demo::prepare(options)?;
    demo.make_tables().await?;
    demo.start_parent_and_engine().await?;
    let client = demo.attest().await?;
    demo.query(client).await?;
    demo.stop_processes().await?;
    demo.search().await?;
    println!(
        "\nDone in {:.1} s. The enclave was SIMULATED: on Nitro hardware the same steps run with `--nsm device`.",
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

#[cfg(test)]
mod tests;
