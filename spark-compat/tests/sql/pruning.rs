//! What of a Parquet file is not read, thanks to conditions and limits that reach the scan: row groups by their statistics, by
//! Bloom filters and behind a limit, and pages by the page index.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::metrics::MetricValue;
use datafusion::physical_plan::{ExecutionPlan, collect};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use spark_compat::{SparkSession, parse_script};

use crate::support::{put, rows, session};

const ROW_GROUPS: usize = 8;
const ROWS: i64 = 8_000;

/// A table of eight row groups with pages of 100 rows: `n` rises, `scattered` is in no order and has a Bloom filter.
async fn table() -> SparkSession {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..ROWS));
    let scattered = (0..ROWS).map(|n| format!("{:08x}", (n * 2_654_435_761) % 4_294_967_296));
    let scattered: ArrayRef = Arc::new(StringArray::from_iter_values(scattered));
    let batch = RecordBatch::try_from_iter([("n", numbers), ("scattered", scattered)]).unwrap();
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(ROWS as usize / ROW_GROUPS))
        .set_data_page_row_count_limit(100)
        .set_write_batch_size(100)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_column_bloom_filter_enabled("scattered".into(), true)
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    let (session, store) = session();
    put(&store, "t.parquet", writer.into_inner().unwrap()).await;
    rows(&session, "CREATE TEMPORARY VIEW t USING parquet OPTIONS (path 't.parquet')").await;
    session
}

/// How much each kind of pruning left out while the query ran.
async fn pruned(session: &SparkSession, sql: &str) -> BTreeMap<String, usize> {
    let statement = parse_script(sql).unwrap().remove(0);
    let plan = session.prepare(&statement).await.unwrap().physical_plan().await.unwrap().unwrap();
    let context = TaskContext::default().with_runtime(Arc::clone(&session.options().runtime));
    collect(Arc::clone(&plan), Arc::new(context)).await.unwrap();
    let mut pruned = BTreeMap::new();
    add_pruned(plan.as_ref(), &mut pruned);
    pruned
}

fn add_pruned(plan: &dyn ExecutionPlan, pruned: &mut BTreeMap<String, usize>) {
    for metric in plan.metrics().iter().flat_map(|metrics| metrics.iter()) {
        if let MetricValue::PruningMetrics { name, pruning_metrics } = metric.value() {
            *pruned.entry(name.to_string()).or_default() += pruning_metrics.pruned();
        }
    }
    plan.children().into_iter().for_each(|child| add_pruned(child.as_ref(), pruned));
}

#[tokio::test]
async fn row_groups_are_left_out_by_their_statistics() {
    let session = table().await;
    for condition in
        ["n < 500", "n = 500", "n BETWEEN 10 AND 20", "n IN (1, 2, 3)", "n + 0L < 10 AND n < 10", "n <=> 7"]
    {
        let pruned = pruned(&session, &format!("SELECT count(*) FROM t WHERE {condition}")).await;
        assert_eq!(pruned["row_groups_pruned_statistics"], ROW_GROUPS - 1, "{condition}: {pruned:?}");
    }
}

#[tokio::test]
async fn pages_are_left_out_by_the_page_index() {
    let session = table().await;
    let pruned = pruned(&session, "SELECT scattered FROM t WHERE n = 1234").await;
    assert_eq!(pruned["page_index_rows_pruned"], 900, "{pruned:?}");
}

#[tokio::test]
async fn row_groups_are_left_out_by_bloom_filters() {
    let session = table().await;
    let present = rows(&session, "SELECT scattered FROM t WHERE n = 1234").await.remove(0);
    let pruned = pruned(&session, &format!("SELECT n FROM t WHERE scattered = '{present}'")).await;
    // A filter may let pass what is not there, but hardly all seven.
    assert!(pruned["row_groups_pruned_bloom_filter"] >= ROW_GROUPS - 3, "{pruned:?}");
    let here = rows(&session, &format!("SELECT n FROM t WHERE scattered = '{present}'")).await;
    assert_eq!(here, ["1234"]);
}

#[tokio::test]
async fn conditions_reach_the_scan_through_views_joins_and_unions() {
    let session = table().await;
    rows(&session, "CREATE TEMPORARY VIEW v AS SELECT n AS m, upper(scattered) AS s FROM t WHERE n >= 0").await;
    for query in [
        "SELECT s FROM v WHERE m < 10",
        "WITH w AS (SELECT m + 1 AS k, m FROM v) SELECT k FROM w WHERE m < 10",
        "SELECT count(*) FROM v JOIN VALUES (1L), (2L) u(x) ON m = x WHERE m < 10",
        "SELECT m FROM v WHERE m < 10 AND EXISTS (SELECT 1 FROM VALUES (1L) u(x) WHERE x = m)",
        "SELECT m, count(*) FROM v GROUP BY m HAVING m < 10",
        "SELECT * FROM (SELECT m, row_number() OVER (PARTITION BY m ORDER BY s) r FROM v) WHERE m < 10",
    ] {
        let pruned = pruned(&session, query).await;
        assert_eq!(pruned["row_groups_pruned_statistics"], ROW_GROUPS - 1, "{query}: {pruned:?}");
    }
    let united = "SELECT m FROM (SELECT m FROM v UNION ALL SELECT m FROM v) WHERE m < 10";
    assert_eq!(pruned(&session, united).await["row_groups_pruned_statistics"], 2 * (ROW_GROUPS - 1));
}

#[tokio::test]
async fn explain_shows_what_reaches_the_scan() {
    let session = table().await;
    let plan = rows(&session, "EXPLAIN SELECT n FROM t WHERE n > 7990 LIMIT 3").await.remove(0);
    for part in ["projection=[n]", "predicate=n@0 > 7990", "pruning_predicate=", "n_max@0 > 7990", "fetch=3"] {
        assert!(plan.contains(part), "no {part} in\n{plan}");
    }
    let plan = rows(&session, "EXPLAIN SELECT n FROM t LIMIT 3").await.remove(0);
    assert!(plan.contains("limit=3"), "{plan}");
}
