//! All 22 queries of TPC-H, one after the other: Casemate over its whole path, and plain DataFusion on the same files.
//!
//! `CASEMATE_TPCH_SCALE_FACTOR` chooses the scale factor (0.1 if it is not set).

use std::path::Path;

use anyhow::{Context, Result};
use casemate_benches::Peer;
use casemate_benches::tpch::Tables;
use casemate_host::tpch::QUERIES;
use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};

const SCALE_FACTOR: &str = "CASEMATE_TPCH_SCALE_FACTOR";

async fn all_queries(peer: &mut Peer) -> Result<usize> {
    let mut rows = 0;
    for query in QUERIES {
        rows += peer.run(query.sql).await.context(query.name)?;
    }
    Ok(rows)
}

fn tpch(criterion: &mut Criterion) {
    let scale_factor = std::env::var(SCALE_FACTOR).unwrap_or_else(|_| "0.1".to_owned());
    let scale_factor = scale_factor.parse().unwrap_or_else(|_| panic!("{SCALE_FACTOR} is a number"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let tables = Tables::make(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("tpch"), scale_factor).expect("tables");
    let peers = runtime.block_on(tables.peers()).expect("all peers start");

    let mut group = criterion.benchmark_group(format!("TPC-H at scale factor {scale_factor}, 22 queries"));
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    for (name, mut peer) in peers {
        group.bench_function(name, |bencher| {
            bencher.iter(|| runtime.block_on(all_queries(&mut peer)).expect("every query runs"));
        });
    }
    group.finish();
}

criterion_group!(benches, tpch);
criterion_main!(benches);
