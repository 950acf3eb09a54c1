//! One file for each command: its arguments, its help, and what it does with the library.

pub(crate) mod access;
pub(crate) mod attest;
pub(crate) mod dataset;
#[cfg(feature = "demo")]
pub(crate) mod demo;
pub(crate) mod diff;
pub(crate) mod enclave;
#[cfg(feature = "embedded")]
pub(crate) mod engine;
pub(crate) mod fuzz;
pub(crate) mod keys;
pub(crate) mod open;
mod results;
pub(crate) mod serve;
mod served_data;
mod session;
pub(crate) mod sql;
pub(crate) mod statements;
mod supervised;
mod tables;
pub(crate) mod trust;

/// Says on stderr that an enclave is simulated, in words that nobody takes for anything else.
pub(crate) fn warn_simulated(what: &str) {
    let (start, end) = if crate::cli::colours() { ("\x1b[1;33m", "\x1b[0m") } else { ("", "") };
    eprintln!(
        "{start}SIMULATED ENCLAVE{end}: {what} no hardware protects; whoever controls that machine can read everything"
    );
}
