//! Statements of TPC-DS's size and shape through the whole sealed path: what Spark 3.2.0 answers, to the last digit, type
//! and name. A test for each of the channels, so that they run side by side.

use casemate_tests::answers::TPCDS;
use casemate_tests::data;
use casemate_tests::deployment::Plan;
use casemate_tests::tpcds::{TABLES, Table};

use crate::{PROGRAMS, temporary};

#[tokio::test]
async fn statements_about_catalogs_give_sparks_answers() {
    compare("c").await;
}

#[tokio::test]
async fn statements_about_stores_give_sparks_answers() {
    compare("s").await;
}

#[tokio::test]
async fn statements_about_the_web_give_sparks_answers() {
    compare("w").await;
}

#[tokio::test]
async fn statements_across_channels_give_sparks_answers() {
    compare("x").await;
}

/// Compares the answers to the statements whose names start with `prefix`.
async fn compare(prefix: &str) {
    let tables = data::tpcds_tables(temporary(), TPCDS.scale_factor);
    let deployment = Plan::new(PROGRAMS, &tables).memory_limit("2GiB").start().await;
    let views = TABLES.map(|table: Table| table.create_view());
    let mut queries = TPCDS.queries();
    queries.retain(|(name, _)| name.starts_with(prefix));
    let texts: Vec<&str> = queries.iter().map(|(_, sql)| sql.as_str()).collect();

    let answers = deployment.statements(&views, &texts).await;

    let differences = TPCDS.differences(&queries, &answers);
    assert!(differences.is_empty(), "{differences}");
}
