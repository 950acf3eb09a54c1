//! Functions, casts and aggregates over a million rows, beside DataFusion's nearest: to follow changes. The table with
//! Spark's times is made by `kernels-compare`.

use std::hint::black_box;

use casemate_benches::kernels::{CASES, Contender, DataFusion, ROWS, SparkCompat, parquet};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;

fn kernels(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let file = parquet(ROWS).expect("a table");
    let ours = runtime.block_on(SparkCompat::new(file.clone())).expect("a session");
    let datafusion = runtime.block_on(DataFusion::new(file)).expect("a context");
    for case in CASES {
        let mut group = criterion.benchmark_group(case.spark);
        group.sample_size(10).throughput(Throughput::Elements(ROWS as u64));
        let mut measure = |name: &str, contender: &dyn Contender, sql: String| {
            group.bench_function(name, |bencher| {
                bencher.iter(|| black_box(runtime.block_on(contender.time(&sql)).expect("a query")));
            });
        };
        measure("casemate", &ours, case.query(case.spark));
        if !case.datafusion.is_empty() {
            measure("datafusion", &datafusion, case.query(case.datafusion));
        }
        measure("casemate, reading only", &ours, case.reading());
        group.finish();
    }
}

criterion_group!(benches, kernels);
criterion_main!(benches);
