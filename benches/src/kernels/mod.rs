//! Functions, casts and aggregates one at a time: this project's, DataFusion's nearest, and Spark's.
//!
//! All read the same table of a million rows, on one core. What a case takes is the time of a query that computes it for
//! each row, less the time of a query that only reads its columns.

mod cases;
mod contenders;
mod data;

use std::time::Duration;

use anyhow::Result;

pub use cases::CASES;
pub use contenders::{Contender, DataFusion, Spark, SparkCompat};
pub use data::{ROWS, parquet};

/// Something to be computed for each row, or over all rows of a group.
#[derive(Debug)]
pub struct Case {
    /// The columns that it needs, as they stand in a SELECT.
    pub columns: &'static str,
    /// In Spark SQL.
    pub spark: &'static str,
    /// What is nearest to it in DataFusion's SQL; empty if nothing is.
    pub datafusion: &'static str,
    /// By what rows are grouped, if they are.
    pub group_by: Option<&'static str>,
    /// Why it is allowed to take more than twice as long as DataFusion's.
    pub reason: &'static str,
}

impl Case {
    const fn row(columns: &'static str, spark: &'static str, datafusion: &'static str) -> Self {
        Self { columns, spark, datafusion, group_by: None, reason: "" }
    }

    /// The case with the reason why it may take more than twice as long as DataFusion's.
    const fn because(self, reason: &'static str) -> Self {
        Self { reason, ..self }
    }

    /// The case in a query of its own, with `expression` in the dialect that is asked.
    pub fn query(&self, expression: &str) -> String {
        let group_by = self.group_by.map_or_else(String::new, |by| format!(" GROUP BY {by}"));
        format!("SELECT {expression} AS result FROM measured{group_by}")
    }

    /// The query that only reads the columns.
    pub fn reading(&self) -> String {
        format!("SELECT {} FROM measured", self.columns)
    }
}

/// The times of a query, without the first one.
///
/// # Errors
///
/// The query fails.
pub async fn times(contender: &dyn Contender, sql: &str, rounds: usize) -> Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(rounds);
    for round in 0..=rounds {
        let taken = contender.time(sql).await?;
        if round > 0 {
            times.push(taken);
        }
    }
    Ok(times)
}

/// The middle one of some times.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A case that fails would only be seen by whoever measures next.
    #[tokio::test]
    async fn every_case_runs_on_both() {
        let file = parquet(2000).unwrap();
        let ours = SparkCompat::new(file.clone()).await.unwrap();
        let datafusion = DataFusion::new(file).await.unwrap();
        let mut failed = Vec::new();
        for case in CASES {
            if let Err(error) = ours.time(&case.query(case.spark)).await {
                failed.push(format!("{}: {error:#}", case.spark));
            }
            if !case.datafusion.is_empty()
                && let Err(error) = datafusion.time(&case.query(case.datafusion)).await
            {
                failed.push(format!("{} on DataFusion: {error:#}", case.datafusion));
            }
        }
        assert!(failed.is_empty(), "{}", failed.join("\n"));
    }
}
