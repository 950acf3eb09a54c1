//! TPC-H through the whole sealed path: what Spark 3.2.0 answers, to the last digit, type and name.

use casemate_host::tpch::Table;
use casemate_tests::answers::TPCH;
use casemate_tests::data;
use casemate_tests::deployment::Plan;

use crate::{PROGRAMS, temporary};

#[tokio::test]
async fn all_22_queries_give_sparks_values_types_and_names() {
    let tables = data::tpch_tables(temporary(), TPCH.scale_factor, true);
    let deployment = Plan::new(PROGRAMS, &tables).memory_limit("2GiB").start().await;
    let views = Table::ALL.map(|table| table.create_view(""));
    let queries = TPCH.queries();
    let texts: Vec<&str> = queries.iter().map(|(_, sql)| sql.as_str()).collect();

    let answers = deployment.statements(&views, &texts).await;

    let differences = TPCH.differences(&queries, &answers);
    assert!(differences.is_empty(), "{differences}");
}
