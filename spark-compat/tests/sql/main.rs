//! Tests of whole statements: against Spark 3.2.0's answers, over files, and on their plans.

mod answers;
mod compatibility;
mod csv;
mod encryption;
mod files;
mod plans;
mod pruning;
mod support;
mod views;
