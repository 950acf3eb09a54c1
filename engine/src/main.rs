//! The binary of the engine.

use std::process::ExitCode;

use casemate_engine::WipingAllocator;

#[global_allocator]
static ALLOCATOR: WipingAllocator = WipingAllocator;

fn main() -> ExitCode {
    casemate_engine::cli::main()
}
