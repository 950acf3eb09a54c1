//! Judges an SQL engine by the answers of a real Spark 3.2.0.
//!
//! - [`value`] reads results out of Arrow and writes them as JSON, so that two engines' answers can be compared exactly;
//! - [`answer`] is what an engine said to a query, and the answers that are stored beside the statements;
//! - [`statement_file`] reads files of statements, [`suite`] a directory of them with their stored answers;
//! - [`compare`] says how two answers differ;
//! - [`known`] is the file of the differences that are known;
//! - [`run`] asks two engines and judges what they say, [`program`] asks an engine that is a program;
//! - [`fuzz`] makes statements;
//! - [`report`] counts, per file and in total.

pub mod answer;
mod catalog_type;
pub mod compare;
pub mod fuzz;
pub mod known;
pub mod program;
pub mod report;
pub mod run;
pub mod statement_file;
pub mod suite;
pub mod value;
