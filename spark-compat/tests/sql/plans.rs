//! Plans: what reaches the scan, which joins are made, and that nothing is left for DataFusion to coerce.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::optimizer::AnalyzerRule;
use datafusion::optimizer::analyzer::type_coercion::TypeCoercion;
use datafusion::physical_plan::{ExecutionPlan, displayable};
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use spark_compat::{Prepared, SparkSession, parse_script};

use crate::support::{TABLES, error, rows, session, tpch_query, tpch_session};

async fn prepared(session: &SparkSession, sql: &str) -> Prepared {
    let statement = parse_script(sql).unwrap().remove(0);
    session.prepare(&statement).await.unwrap()
}

async fn physical(session: &SparkSession, sql: &str) -> String {
    let plan = prepared(session, sql).await.physical_plan().await.unwrap().unwrap();
    displayable(plan.as_ref()).indent(false).to_string()
}

#[tokio::test]
async fn datafusion_finds_nothing_to_coerce_in_the_plans_of_tpch() {
    let session = tpch_session().await;
    for number in 1..=22 {
        let plan = prepared(&session, &tpch_query(number)).await.logical_plan().unwrap().clone();
        let coerced = TypeCoercion::new().analyze(plan.clone(), &ConfigOptions::default()).unwrap();
        assert_eq!(plan.display_indent().to_string(), coerced.display_indent().to_string(), "query {number}");
    }
}

#[tokio::test]
async fn the_joins_of_tpch_are_hash_joins() {
    let session = tpch_session().await;
    for number in 1..=22 {
        let plan = physical(&session, &tpch_query(number)).await;
        for other in ["CrossJoinExec", "NestedLoopJoinExec", "SortMergeJoinExec"] {
            assert!(!plan.contains(other), "query {number} has a {other}:\n{plan}");
        }
    }
}

/// What a plan does, node by node; projections are left out: the resolver's rename columns, which costs nothing.
fn shape(plan: &dyn ExecutionPlan) -> Vec<String> {
    let own = (plan.name() != "ProjectionExec").then(|| plan.name().to_string());
    own.into_iter().chain(plan.children().into_iter().flat_map(|child| shape(child.as_ref()))).collect()
}

#[tokio::test]
async fn the_plans_of_tpch_have_the_shape_of_datafusions_own() {
    let session = tpch_session().await;
    let config = SessionConfig::new()
        .with_target_partitions(session.options().target_partitions)
        .set_bool("datafusion.sql_parser.parse_float_as_decimal", true);
    let datafusion = SessionContext::new_with_config_rt(config, Arc::clone(&session.options().runtime));
    for table in TABLES {
        let file = format!("{}{table}.parquet", session.options().storage_base);
        datafusion.register_parquet(table, file, ParquetReadOptions::default()).await.unwrap();
    }
    for number in 1..=22 {
        let query = tpch_query(number);
        let ours = prepared(&session, &query).await.physical_plan().await.unwrap().unwrap();
        let theirs = datafusion.sql(&query).await.unwrap().create_physical_plan().await.unwrap();
        assert_eq!(shape(ours.as_ref()), shape(theirs.as_ref()), "query {number}");
    }
}

#[tokio::test]
async fn filters_projections_and_limits_reach_the_scan() {
    let session = tpch_session().await;
    let plan = physical(&session, "SELECT l_orderkey + 1 FROM lineitem WHERE l_shipdate <= date '1994-01-01'").await;
    assert!(plan.contains("projection=[l_orderkey, l_shipdate]"), "{plan}");
    assert!(plan.contains("predicate=l_shipdate@10 <= 1994-01-01"), "{plan}");
    let plan = physical(&session, "SELECT l_orderkey FROM lineitem LIMIT 3").await;
    assert!(plan.contains("limit=3"), "{plan}");
}

#[tokio::test]
async fn functions_that_take_rows_as_they_come_get_them_in_the_order_of_the_subquery() {
    let session = tpch_session().await;
    let ordered = "(SELECT id, id % 3 AS k FROM range(100000) ORDER BY id DESC)";
    let grouped = format!("SELECT k, collect_list(id) AS l, first(id) AS f, last(id) AS e FROM {ordered} GROUP BY k");
    for query in
        [grouped.clone(), format!("SELECT collect_list(id) AS l, first(id) AS f, last(id) AS e FROM {ordered}")]
    {
        let out_of_order = format!(
            "SELECT count(*) FROM ({query}) WHERE l <> reverse(array_sort(l)) OR f <> l[0] OR e <> l[size(l) - 1]"
        );
        assert_eq!(rows(&session, &out_of_order).await, ["0"], "{query}");
    }
    let plan = physical(&session, &grouped).await;
    assert!(!plan.contains("TopK") && plan.contains("SortExec"), "{plan}");
}

#[tokio::test]
async fn a_not_in_over_columns_without_nulls_is_a_plain_anti_join() {
    let session = tpch_session().await;
    let plan = physical(
        &session,
        "SELECT ps_suppkey FROM partsupp WHERE ps_suppkey NOT IN (SELECT s_suppkey FROM supplier WHERE s_acctbal < 0)",
    )
    .await;
    assert!(plan.contains("Anti") && !plan.contains("null_aware"), "{plan}");
}

#[tokio::test]
async fn deep_and_long_expressions_are_planned_and_run() {
    let (session, _) = session();
    let deep = format!("SELECT {}1{}", "(".repeat(200), ")".repeat(200));
    assert_eq!(rows(&session, &deep).await, ["1"]);
    let nested = format!("SELECT {}a{} FROM VALUES ('x') t(a)", "upper(".repeat(200), ")".repeat(200));
    assert_eq!(rows(&session, &nested).await, ["X"]);
    let terms: Vec<_> = (0..1500).map(|n| format!("a <> {}", n + 1)).collect();
    let long = format!("SELECT a FROM VALUES (0) t(a) WHERE {}", terms.join(" AND "));
    assert_eq!(rows(&session, &long).await, ["0"]);
    let unions: Vec<_> = (0..600).map(|n| format!("SELECT {n} AS a")).collect();
    assert_eq!(rows(&session, &format!("{} ORDER BY a DESC LIMIT 1", unions.join(" UNION ALL "))).await, ["599"]);
}

#[tokio::test]
async fn nesting_beyond_the_limit_is_a_clear_error() {
    let (session, _) = session();
    let deep = format!("SELECT {}1{}", "abs(".repeat(5000), ")".repeat(5000));
    let refused = error(&session, &deep).await;
    assert!(refused.message.contains("nest"), "{refused}");
    let chain = format!("SELECT a{} FROM VALUES (1) t(a)", " + 1".repeat(1500));
    assert!(error(&session, &chain).await.message.contains("nests deeper than"));
}

#[tokio::test]
async fn queries_that_double_with_each_use_are_refused_in_time() {
    let (session, _) = session();
    let doubled: Vec<_> =
        (1..40).map(|n| format!("c{n} AS (SELECT a.x FROM c{0} a JOIN c{0} b ON a.x = b.x)", n - 1)).collect();
    let query = format!("WITH c0 AS (SELECT 1 x), {} SELECT * FROM c39", doubled.join(", "));
    assert!(error(&session, &query).await.message.contains("more than 10000 queries"));
}

#[tokio::test]
async fn plans_name_their_columns_apart_from_what_users_call_them() {
    let (session, _) = session();
    let plan = prepared(&session, "SELECT a AS x, a AS x FROM VALUES (1) t(a)").await;
    let names: Vec<_> = plan.logical_plan().unwrap().schema().fields().iter().map(|f| f.name().clone()).collect();
    assert!(names.iter().all(|name| name.starts_with('#')), "{names:?}");
    assert_ne!(names[0], names[1]);
}

#[tokio::test]
async fn wide_tables_long_lists_and_many_branches_are_planned_and_run() {
    let (session, _) = session();
    let columns: Vec<_> = (0..1000).map(|n| format!("c{n}")).collect();
    let values: Vec<_> = (0..1000).map(|n| n.to_string()).collect();
    let wide = format!("VALUES ({}) t({})", values.join(", "), columns.join(", "));
    let names = columns.join(", ");
    assert_eq!(rows(&session, &format!("SELECT c999 FROM (SELECT {names} FROM {wide}) ORDER BY c0")).await, ["999"]);
    let sums: Vec<_> = columns.iter().map(|column| format!("sum({column})")).collect();
    let sums = format!("SELECT {} FROM {wide} GROUP BY c0", sums.join(", "));
    assert!(rows(&session, &sums).await[0].ends_with("|998|999"));

    let items: Vec<_> = (1..5001).map(|n| n.to_string()).collect();
    let listed = format!("SELECT a FROM VALUES (0), (4999) t(a) WHERE a IN ({})", items.join(", "));
    assert_eq!(rows(&session, &listed).await, ["4999"]);
    let branches: Vec<_> = (0..100).map(|n| format!("SELECT {n} AS a, count(*) AS n FROM VALUES (1) t(b)")).collect();
    let united = format!("SELECT sum(a), sum(n) FROM ({})", branches.join(" UNION "));
    assert_eq!(rows(&session, &united).await, ["4950|100"]);
    let cube = "SELECT count(*) FROM (SELECT a FROM VALUES (1, 2, 3, 4, 5, 6, 7, 8) t(a, b, c, d, e, f, g, h) \
                GROUP BY CUBE(a, b, c, d, e, f, g, h))";
    assert_eq!(rows(&session, cube).await, ["256"]);
    let refused = error(
        &session,
        "SELECT a FROM VALUES (1) t(a) GROUP BY CUBE(a, a + 1, a + 2, a + 3, a + 4, a + 5, \
        a + 6, a + 7, a + 8, a + 9, a + 10, a + 11, a + 12)",
    )
    .await;
    assert!(refused.message.contains("more than 4096 grouping sets"), "{refused}");
}
