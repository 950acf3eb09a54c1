//! The command `casemate`.

fn main() -> std::process::ExitCode {
    casemate_host::cli::main()
}
