//! The `casemate` command as a user meets it: processes, files, messages and exit codes.

mod common;
mod demo;
mod diff;
mod embedded;
mod enclave;
mod enclave_build;
mod files_and_usage;
mod serving;
mod units;
