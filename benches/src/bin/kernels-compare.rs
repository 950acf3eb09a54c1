//! Functions, casts and aggregates one by one on this project, on DataFusion and on Spark 3.2.0: a table of times.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use casemate_benches::kernels::{CASES, Case, Contender, DataFusion, ROWS, Spark, SparkCompat, median, parquet, times};
use clap::Parser;

/// Compares functions, casts and aggregates with DataFusion's nearest ones and with a real Spark 3.2.0, on one core each
/// and on the same million rows, and prints a Markdown table.
///
/// A time is the median of the rounds, less the median of a query that only reads the same columns.
#[derive(Parser)]
#[command(
    name = "kernels-compare",
    after_help = "Examples:\n  kernels-compare --only json\n  kernels-compare --reference \\\n    'target/spark-3.2.0/bin/python \
                  spark-compat/differential/reference/time_queries.py'"
)]
struct Arguments {
    /// The program that times queries on Spark, as a command; without it Spark's column is left away
    #[arg(long, value_name = "COMMAND")]
    reference: Option<String>,
    /// Rounds for each query
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Only cases whose expression contains this
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// Where the table for Spark is written
    #[arg(long, value_name = "FILE", default_value = "target/kernels/measured.parquet")]
    table: PathBuf,
}

fn main() -> ExitCode {
    let outcome = tokio::runtime::Runtime::new()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(run(&Arguments::parse())));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kernels-compare: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<()> {
    let file = parquet(ROWS)?;
    let spark = match &arguments.reference {
        Some(command) => {
            let folder = arguments.table.parent().context("--table names no file")?;
            std::fs::create_dir_all(folder)?;
            std::fs::write(&arguments.table, &file)?;
            Some(Spark::start(command, &arguments.table)?)
        }
        None => None,
    };
    let (ours, datafusion) = (SparkCompat::new(file.clone()).await?, DataFusion::new(file).await?);
    let rounds = arguments.rounds.into();
    println!("| expression | Casemate, ms | DataFusion, ms | ratio | Spark 3.2.0, ms | ratio | |");
    println!("|---|---:|---:|---:|---:|---:|---|");
    for case in CASES.iter().filter(|case| case.spark.contains(&arguments.only)) {
        let own = net(&ours, case, case.spark, rounds).await?;
        let native = match case.datafusion {
            "" => None,
            nearest => Some(net(&datafusion, case, nearest, rounds).await?),
        };
        let reference = match &spark {
            Some(spark) => Some(net(spark, case, case.spark, rounds).await?),
            None => None,
        };
        println!(
            "| `{}` | {:.1} | {} | {} | {} |",
            case.spark.replace('|', "\\|"),
            own.as_secs_f64() * 1e3,
            beside(own, native),
            beside(own, reference),
            case.reason
        );
    }
    Ok(())
}

/// What the case takes beyond the reading of its columns.
async fn net(contender: &dyn Contender, case: &Case, expression: &str, rounds: usize) -> Result<Duration> {
    let whole = times(contender, &case.query(expression), rounds).await.with_context(|| expression.to_owned())?;
    let reading = times(contender, &case.reading(), rounds).await?;
    Ok(median(whole).saturating_sub(median(reading)))
}

/// A time in milliseconds, and what `own` is in terms of it. Below a millisecond the clock says nothing about ratios.
fn beside(own: Duration, other: Option<Duration>) -> String {
    match other {
        None => " | ".to_owned(),
        Some(other) if other < Duration::from_millis(1) => format!("{:.1} | ", other.as_secs_f64() * 1e3),
        Some(other) => format!("{:.1} | {:.2}", other.as_secs_f64() * 1e3, own.as_secs_f64() / other.as_secs_f64()),
    }
}
