//! Throughput benchmarks.
