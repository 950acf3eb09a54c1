//! The engine as the first process of an enclave: an image then holds one program, and needs no shell and no other init.
//!
//! The kernel starts the binary as `/init`. That process makes the machine usable (file systems, modules, loopback),
//! seeds the kernel's random numbers from the NSM, tells the parent that the enclave is up, and runs the engine proper as
//! its child, with the arguments of `/etc/casemate/engine.args` and without the rights of root. It ends the machine when
//! the engine ends, whatever the reason is, and says the reason on the console: what an enclave keeps is in its memory,
//! and an engine that is gone has nothing left to serve.

mod arguments;
mod boot_options;
mod console;
mod entropy;
mod error;
mod heartbeat;
mod loopback;
mod modules;
mod mounts;
mod power;
mod supervisor;

use std::ffi::OsStr;
use std::path::Path;

use tokio::runtime::Builder;

use self::arguments::EngineArguments;
use self::boot_options::BootOptions;
use self::console::say;
use self::error::InitError;
use self::supervisor::Ended;

/// Kernel modules, to be loaded in the order of their names.
const MODULES: &str = "/usr/lib/casemate/modules";
/// The engine's arguments, one on each line.
const ARGUMENTS: &str = "/etc/casemate/engine.args";

/// Whether this process is the machine's first one, started by the kernel as `/init`. In a container the engine may have
/// the same number, but not that name.
pub fn is_init() -> bool {
    let program = std::env::args_os().next();
    std::process::id() == 1
        && program.is_some_and(|program| Path::new(&program).file_name() == Some(OsStr::new("init")))
}

/// Boots, runs the engine, and ends the machine.
pub fn run() -> ! {
    power::end_on_panic();
    match boot_and_serve() {
        Ok(ended) => power::end(&ended),
        Err(error) => power::end(&error),
    }
}

fn boot_and_serve() -> Result<Ended, InitError> {
    mounts::mount_all()?;
    power::restart_after_kernel_panic();
    let options = BootOptions::read()?;
    modules::load_all(Path::new(MODULES))?;
    console::report_memory();
    loopback::bring_up();
    entropy::seed_from_nsm()?;
    let arguments = EngineArguments::read(Path::new(ARGUMENTS))?;
    let runtime = Builder::new_current_thread().enable_all().build().map_err(InitError::Runtime)?;
    runtime.block_on(async {
        heartbeat::send(options.parent_cid).await;
        say(format_args!("starting the engine"));
        supervisor::run_engine(&arguments).await
    })
}
