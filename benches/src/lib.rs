//! What the benchmarks share: sessions on in-memory pipes, and TPC-H on Casemate and on plain DataFusion.
//!
//! The benchmarks are in `benches/`; `tpch-compare` prints TPC-H as a table of medians and ratios. How to run them and
//! what they said stands in `docs/performance.md`.

pub mod peers;
pub mod sessions;
pub mod tpch;

pub use peers::{DataFusion, Peer, Sealed};
