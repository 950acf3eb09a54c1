//! TPC-H on Casemate and on plain DataFusion, query by query: medians and ratios as a table.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use casemate_benches::Peer;
use casemate_benches::tpch::Tables;
use casemate_host::tpch::{QUERIES, Query};
use clap::Parser;

/// Compares Casemate's whole path (encrypted Parquet, parent's storage, engine, sealed stream, client) with plain
/// DataFusion on the same tables, encrypted and in the clear.
///
/// All run in this process with the same number of partitions. Each query runs once to warm up, then so many rounds in
/// which all take turns; medians are printed.
#[derive(Parser)]
#[command(name = "tpch-compare")]
struct Arguments {
    /// The size of the data: 1 is a gigabyte as text
    #[arg(long, value_name = "NUMBER", default_value_t = 1.0)]
    scale_factor: f64,
    /// Rounds for each query
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Where the tables are, or are made
    #[arg(long, value_name = "DIR", default_value = "target/tpch")]
    data: PathBuf,
    /// Only these queries, such as q01,q18
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    queries: Vec<String>,
}

fn main() -> ExitCode {
    let outcome = tokio::runtime::Runtime::new()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(run(&Arguments::parse())));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tpch-compare: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<()> {
    let tables = Tables::make(&arguments.data, arguments.scale_factor)?;
    let mut peers = tables.peers().await?;
    let wanted =
        |query: &&Query| arguments.queries.is_empty() || arguments.queries.iter().any(|name| name == query.name);
    let queries: Vec<&Query> = QUERIES.iter().filter(wanted).collect();
    ensure!(!queries.is_empty(), "--queries names none of q01 to q22");

    println!("TPC-H at scale factor {}, milliseconds, medians of {}\n", arguments.scale_factor, arguments.rounds);
    println!("query {}", peers.iter().map(|(name, _)| format!("{name:>32}")).collect::<String>());
    let mut medians = Vec::new();
    for query in &queries {
        let row = measure(query, &mut peers, arguments.rounds).await?;
        println!("{:5} {}", query.name, cells(&row));
        medians.push(row);
    }
    let total: Vec<Duration> = (0..peers.len()).map(|peer| medians.iter().map(|row| row[peer]).sum()).collect();
    println!("{:5} {}", "total", cells(&total));
    println!(
        "\nTotal of {} to {}: {:.3}; geometric mean of the ratios: {:.3}",
        peers[0].0,
        peers[1].0,
        ratio(&total, 1),
        mean_ratio(&medians, 1)
    );
    println!(
        "Total of {} to {}: {:.3}; geometric mean of the ratios: {:.3}",
        peers[0].0,
        peers[2].0,
        ratio(&total, 2),
        mean_ratio(&medians, 2)
    );
    Ok(())
}

/// The median time of a query for each peer.
async fn measure(query: &Query, peers: &mut [(&'static str, Peer)], rounds: u32) -> Result<Vec<Duration>> {
    let mut times = vec![Vec::new(); peers.len()];
    let mut rows = None;
    for round in 0..=rounds {
        for ((name, peer), times) in peers.iter_mut().zip(&mut times) {
            let begin = Instant::now();
            let count = peer.run(query.sql).await.with_context(|| format!("{} on {name}", query.name))?;
            let taken = begin.elapsed();
            ensure!(*rows.get_or_insert(count) == count, "{}: {name} has {count} rows, others {rows:?}", query.name);
            if round > 0 {
                times.push(taken);
            }
        }
    }
    Ok(times.into_iter().map(median).collect())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Each peer's time, and beside those after the first what the first's is in terms of it.
fn cells(row: &[Duration]) -> String {
    let cell = |(peer, time): (usize, &Duration)| {
        let milliseconds = time.as_secs_f64() * 1000.0;
        if peer == 0 {
            format!("{milliseconds:>32.1}")
        } else {
            format!("{milliseconds:>21.1} (x {:>5.2}) ", ratio(row, peer))
        }
    };
    row.iter().enumerate().map(cell).collect()
}

fn ratio(row: &[Duration], peer: usize) -> f64 {
    row[0].as_secs_f64() / row[peer].as_secs_f64()
}

fn mean_ratio(rows: &[Vec<Duration>], peer: usize) -> f64 {
    let logarithms: f64 = rows.iter().map(|row| ratio(row, peer).ln()).sum();
    (logarithms / rows.len() as f64).exp()
}
