//! TPC-H through the whole sealed path: what Spark 3.2.0 answers, to the last digit, type and name.

use std::fmt::Write;

use casemate_host::tpch::{QUERIES, Table};
use casemate_tests::answers::{GOLDEN_SCALE_FACTOR, difference, golden, sort_columns};
use casemate_tests::data;
use casemate_tests::deployment::Plan;

use crate::{PROGRAMS, temporary};

#[tokio::test]
async fn all_22_queries_give_sparks_values_types_and_names() {
    let tables = data::tpch_tables(temporary(), GOLDEN_SCALE_FACTOR, true);
    let deployment = Plan::new(PROGRAMS, &tables).memory_limit("2GiB").start().await;
    let views = Table::ALL.map(|table| table.create_view(""));
    let texts = QUERIES.map(|query| query.sql);

    let answers = deployment.statements(&views, &texts).await;

    let mut problems = String::new();
    for (query, answer) in QUERIES.iter().zip(answers) {
        let expected = golden(query.name);
        let sort = sort_columns(query.sql, &expected.schema);
        let problem = match answer {
            Ok(actual) => difference(&expected, &actual, &sort),
            Err(error) => Some(format!("error: {error}")),
        };
        if let Some(problem) = problem {
            writeln!(problems, "{}: {problem}", query.name).expect("text");
        }
    }
    assert!(problems.is_empty(), "{problems}");
}
