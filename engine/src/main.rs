//! The binary of the engine.

use std::process::ExitCode;

fn main() -> ExitCode {
    casemate_engine::cli::main()
}
