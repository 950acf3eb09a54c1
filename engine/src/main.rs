//! The binary of the engine.

use std::process::ExitCode;

use casemate_engine::WipingAllocator;

#[global_allocator]
static ALLOCATOR: WipingAllocator = WipingAllocator;

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    if casemate_engine::init::is_init() {
        casemate_engine::init::run();
    }
    casemate_engine::cli::main()
}
