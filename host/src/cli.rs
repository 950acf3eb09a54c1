//! The command line: what each command takes, and how a program ends.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[cfg(feature = "demo")]
use crate::commands::demo;
#[cfg(feature = "embedded")]
use crate::commands::engine;
use crate::commands::{access, attest, dataset, diff, enclave, fuzz, keys, open, serve, sql, statements, trust};
use crate::error::{ExitStatus, HostError, Result};

const AFTER_HELP: &str = "\
Examples:
  casemate demo                                        the whole way, in one command
  casemate sql -e \"SELECT 1 AS one\"                    an embedded (simulated) enclave
  casemate sql --connect tcp://127.0.0.1:7400 --keys keys.json --trust trust.json -f query.sql
  casemate serve --enclave vsock://16:5005 --data /srv/tables

Exit codes:
  0  done                          3  the enclave is not what the trust file accepts
  1  the query failed, or differs  4  no connection, or the protocol was broken
  2  wrong usage                   5  a file could not be read or written
130  interrupted

Results in an enclave that is SIMULATED are marked so on stderr: nothing protects them but this machine.";

/// Spark SQL inside an AWS Nitro Enclave: attest it, send it keys, ask it questions.
#[derive(Debug, Parser)]
#[command(name = "casemate", version, after_help = AFTER_HELP, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The parent instance's server: relays clients to the enclave and serves it a directory
    Serve(serve::Args),
    /// Run SQL in an enclave and print or save the result
    Sql(sql::Args),
    /// Verify an enclave and print what it proved
    Attest(attest::Args),
    /// Make and show the keys file: a client's identity and data keys
    Keys(keys::Args),
    /// Seal, sign, show and verify the tables that an engine reads
    Dataset(dataset::Args),
    /// Make the trust file: which enclave images a client accepts
    Trust(trust::Args),
    /// Make the access file: which clients an engine accepts
    Access(access::Args),
    /// Build enclave images; run, describe and stop enclaves on a parent instance
    Enclave(enclave::Args),
    /// Decrypt a result that `casemate sql --sealed` kept
    Open(open::Args),
    /// Answer test suites: JSON lines on stdin and stdout
    Statements(statements::Args),
    /// Compare answers with Spark's: statement by statement, against a reference or stored answers
    Diff(diff::Args),
    /// Find statements whose answers differ from a reference's
    Fuzz(fuzz::Args),
    /// Show the whole way with three processes: client, parent and engine
    #[cfg(feature = "demo")]
    Demo(demo::Args),
    /// The engine itself, as the demo starts it
    #[cfg(feature = "embedded")]
    #[command(hide = true, disable_help_flag = true)]
    Engine(engine::Args),
}

/// Stack of a worker thread: deep SQL expressions are parsed and planned on it when the engine is embedded.
const WORKER_STACK_BYTES: usize = 16 << 20;

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let command = Cli::parse().command;
    #[cfg(feature = "embedded")]
    crate::process::end_with_owner();
    #[cfg(feature = "embedded")]
    if let Command::Engine(args) = command {
        return engine::run(args);
    }
    let runtime =
        match tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(WORKER_STACK_BYTES).build() {
            Ok(runtime) => runtime,
            Err(error) => return report(&HostError::Io { what: "can't start threads".to_owned(), source: error }),
        };
    let code = runtime.block_on(async {
        // A server ends well on a signal; every other command is dropped where it waits, and half-written files and
        // child processes go with it.
        let ends_well = matches!(command, Command::Serve(_));
        tokio::select! {
            done = run(command) => match done {
                Ok(()) => ExitCode::from(ExitStatus::Ok as u8),
                Err(error) => report(&error),
            },
            () = interrupted(), if !ends_well => ExitCode::from(INTERRUPTED),
        }
    });
    // A thread may still wait for stdin.
    runtime.shutdown_background();
    code
}

/// What shells report for a program that was interrupted.
const INTERRUPTED: u8 = 130;

/// Waits for Ctrl-C or SIGTERM.
pub(crate) async fn interrupted() {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => signal.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        Ok(()) = tokio::signal::ctrl_c() => {}
        _ = terminated => {}
    }
}

async fn run(command: Command) -> Result<()> {
    match command {
        Command::Serve(args) => serve::run(args).await,
        Command::Sql(args) => sql::run(args).await,
        Command::Attest(args) => attest::run(args).await,
        Command::Keys(args) => keys::run(args),
        Command::Dataset(args) => dataset::run(args).await,
        Command::Trust(args) => trust::run(args),
        Command::Access(args) => access::run(args),
        Command::Enclave(args) => enclave::run(args).await,
        Command::Open(args) => open::run(args).await,
        Command::Statements(args) => statements::run(args).await,
        Command::Diff(args) => diff::run(args).await,
        Command::Fuzz(args) => fuzz::run(args).await,
        #[cfg(feature = "demo")]
        Command::Demo(args) => demo::run(args).await,
        #[cfg(feature = "embedded")]
        Command::Engine(_) => Ok(()),
    }
}

fn report(error: &HostError) -> ExitCode {
    if let HostError::Output(output) = error
        && output.is_broken_pipe()
    {
        return ExitCode::from(ExitStatus::Ok as u8);
    }
    let label = if colours() { "\x1b[1;31merror:\x1b[0m" } else { "error:" };
    eprintln!("{label} {error}");
    ExitCode::from(error.exit_status() as u8)
}

/// Whether stderr shows colours: a terminal, and nobody said no (<https://no-color.org>).
pub(crate) fn colours() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

#[cfg(test)]
mod documents;

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn refused(arguments: &str) -> String {
        let words = std::iter::once("casemate").chain(arguments.split_whitespace());
        let error = Cli::try_parse_from(words).unwrap_err();
        assert_eq!(error.exit_code(), ExitStatus::Usage as i32, "{error}");
        error.to_string()
    }

    fn accepted(arguments: &str) {
        let words = std::iter::once("casemate").chain(arguments.split_whitespace());
        Cli::try_parse_from(words).unwrap();
    }

    #[test]
    fn the_definitions_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_shows_examples_in_its_help() {
        for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("casemate "), "{}", command.get_name());
        }
    }

    #[test]
    fn the_documented_forms_are_accepted() {
        accepted("serve --listen tcp://127.0.0.1:7400 --enclave vsock://16:5005 --data /srv");
        accepted("serve --listen tcp://127.0.0.1:7400 --enclave embedded --data /srv --access access.json");
        accepted("sql -e SELECT");
        accepted("sql --connect unix:///x --keys k --trust t -f q.sql --format parquet -o out");
        accepted("sql --sealed -o FILE -e SELECT --keys k");
        accepted("attest --connect vsock://16:5005 --trust t");
        accepted("keys new");
        accepted("dataset seal people.csv sealed --keys keys.json");
        accepted("dataset seal in out --keys k --new-key hr --column-key salary=pay --compression zstd --key-bits 128");
        accepted("dataset sign sealed --keys keys.json --name lake/sealed --version 7");
        accepted("dataset inspect sealed --keys keys.json --json");
        accepted("dataset verify sealed --keys keys.json");
        accepted("dataset trust keys.json --minimum-version sales=7 --allow-unsigned all");
        accepted("sql --connect tcp://h:1 --keys k --trust t --allow-plaintext people.csv --allow-unsigned all -e x");
        accepted("trust new --measurements build.json");
        accepted("serve --enclave-image casemate.eif --cpus 2 --memory 4GiB --data /srv");
        accepted("enclave run casemate.eif --cpus 2 --memory 4096 --cid 16 --dry-run");
        accepted("enclave build --engine casemate-engine --access access.json --kernel bzImage");
        accepted("open FILE --keys k --format csv -o out");
        accepted("statements --time-zone UTC --timeout 30");
        accepted("fuzz --seed 7 --time 60 --reference-command ./spark --out found");
        accepted("diff statements/joins --known known.tsv --json");
        accepted("diff a.sql b.sql --reference-command ./spark --jobs 2 --time-zone Europe/Berlin");
    }

    #[test]
    fn what_can_not_be_meant_is_refused() {
        assert!(refused("sql --connect nowhere -e x --keys k --trust t").contains("tcp://HOST:PORT"));
        assert!(refused("sql -e x -f y").contains("cannot be used with"));
        assert!(refused("sql --connect tcp://h:1 -e x").contains("--keys"));
        assert!(refused("sql --connect tcp://h:1 --keys k --trust t --data d -e x").contains("cannot be used with"));
        assert!(refused("sql --sealed -e x").contains("--output"));
        assert!(refused("sql --format xml -e x").contains("parquet"));
        assert!(refused("open FILE").contains("--keys"));
        assert!(refused("attest").contains("--connect"));
        assert!(refused("sql -e x --allow-plaintext ../x").contains("leaves the data folder"));
        assert!(refused("sql -e x --minimum-version sales").contains("NAME=VERSION"));
        assert!(refused("dataset seal in out").contains("--keys"));
        assert!(refused("dataset seal in out --keys k --key a --new-key b").contains("cannot be used with"));
        assert!(refused("frobnicate").contains("unrecognized subcommand"));
        assert!(refused("statements --timeout 0").contains("timeout"));
        assert!(refused("diff").contains("STATEMENTS"));
        assert!(refused("diff a.sql --time-zone UTC").contains("--reference-command"));
    }
}
