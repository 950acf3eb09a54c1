//! What the benchmarks share: sessions on in-memory pipes, TPC-H on Casemate and on plain DataFusion, and single functions
//! on both and on Spark.
//!
//! The benchmarks are in `benches/`; `tpch-compare` and `kernels-compare` print tables of medians and ratios. How to run them
//! and what they said stands in `docs/performance.md`.

pub mod kernels;
pub mod peers;
pub mod sessions;
pub mod tpch;

pub use peers::{DataFusion, Peer, Sealed};
